import { render, renderToString } from 'ink';
import { editText } from '../edit-text.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { App, type TerminalLease } from './app.tsx';
import { Screen } from './components/screen.tsx';
import { writeCrashLog } from './crash-log.ts';
import { reduce } from './reduce.ts';
import { TerminalInput } from './terminal-input.ts';
import { screenView } from './view-model.ts';
import { Viewer } from './viewer.ts';
import { initialState, type ViewerState } from './viewer-state.ts';

/** `bb ui`: the viewer, or one frame of it where there is no terminal to draw on. */
export async function runViewer(
  session: Session,
  options: { readonly once: boolean },
): Promise<ExitCode> {
  const { ask } = session.surroundings;
  return options.once || ask === null ? printFrame(session) : runLive(session);
}

async function printFrame(session: Session): Promise<ExitCode> {
  const { output } = session;
  await using api = await session.open();
  const size = { columns: output.columns, rows: process.stdout.rows ?? 24 };
  const status = await session.expect(api.status());
  const proposals = await session.expect(api.proposals({}));
  const nowMs = Date.now();
  const state = [
    { kind: 'status', status, nowMs } as const,
    { kind: 'proposals', proposals } as const,
  ].reduce<ViewerState>((before, event) => reduce(before, event).state, initialState(size, nowMs));
  const frame = renderToString(<Screen view={screenView(state)} />, { columns: size.columns });
  output.line(frame);
  return EXIT.done;
}

async function runLive(session: Session): Promise<ExitCode> {
  const { surroundings, signal } = session;
  using input = new TerminalInput();
  const lease: TerminalLease = { suspend: null };
  const handOver = (argv: readonly string[]) =>
    lend(lease, input, () => surroundings.handOver(argv));
  const viewer = new Viewer(
    {
      open: () => surroundings.openController(session.controllerOptions),
      operator: surroundings.operator,
      nowMs: () => Date.now(),
      sleep: sleepUntil,
      ringBell: () => process.stdout.write('\x07'),
      handOver,
      editText: (text, name) => {
        const { environment } = surroundings;
        return editText(text, name, { environment, handOver });
      },
    },
    { columns: process.stdout.columns, rows: process.stdout.rows },
  );
  signal.addEventListener('abort', () => viewer.leave(), { once: true });
  const crash = await draw(viewer, lease, input);
  if (crash === null) {
    if (viewer.lastFailure !== null) session.output.diagnostic(viewer.lastFailure);
    return EXIT.done;
  }
  const file = await writeCrashLog(crash, surroundings.environment, viewer.state().status?.fleet);
  session.output.diagnostic(`the viewer broke: ${crash.message}`);
  session.output.diagnostic(`every bottle runs on; what happened is in ${file}`);
  return EXIT.failed;
}

/** Draws until the viewer is left; the terminal is as before when this ends, however it ends. */
async function draw(
  viewer: Viewer,
  lease: TerminalLease,
  input: TerminalInput,
): Promise<Error | null> {
  const instance = render(<App viewer={viewer} lease={lease} />, {
    stdin: input,
    alternateScreen: true,
    interactive: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
  });
  const broken = Promise.withResolvers<never>();
  const onBroken = (error: unknown) => broken.reject(error);
  process.on('uncaughtException', onBroken);
  process.on('unhandledRejection', onBroken);
  const following = viewer.follow();
  try {
    await Promise.race([instance.waitUntilExit(), broken.promise, following]);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    viewer.leave();
    instance.unmount();
    await following.catch(() => {});
    process.off('uncaughtException', onBroken);
    process.off('unhandledRejection', onBroken);
  }
}

/** Ink gives the screen away, `input` the keys; both are back before this resolves. */
async function lend(
  lease: TerminalLease,
  input: TerminalInput,
  run: () => Promise<number>,
): Promise<number> {
  if (lease.suspend === null) throw new Error('the terminal is not ready yet');
  let exitCode = 0;
  await lease.suspend(async () => {
    input.release();
    try {
      exitCode = await run();
    } finally {
      input.claim();
    }
  });
  return exitCode;
}

function sleepUntil(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
