import { render } from 'ink-testing-library';
import { expect } from 'vitest';
import { App, type TerminalLease } from '../../src/cli/ui/app.tsx';
import { Viewer } from '../../src/cli/ui/viewer.ts';
import type { FakeControllerApi } from '../fakes/fake-controller-api.ts';

/** Keys as a terminal sends them. */
export const KEY = {
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  up: '\x1b[A',
  down: '\x1b[B',
  pageDown: '\x1b[6~',
  backspace: '\x7f',
  ctrlC: '\x03',
} as const;

/** A viewer on a screen in memory, following `api`; dispose it to leave. */
export interface ShownViewer extends AsyncDisposable {
  readonly viewer: Viewer;
  readonly frame: () => string;
  readonly press: (...keys: string[]) => Promise<void>;
  readonly shows: (text: string | RegExp) => Promise<void>;
  readonly bells: () => number;
  readonly handedOver: readonly (readonly string[])[];
  readonly hasLeft: () => boolean;
  /** Wakes what waits for time to pass. */
  readonly passTime: () => void;
}

export async function showViewer(
  api: FakeControllerApi,
  size = { columns: 80, rows: 24 },
  /** What the operator makes of a text in the editor. */
  edit = (text: string) => text,
): Promise<ShownViewer> {
  let bells = 0;
  const handedOver: (readonly string[])[] = [];
  const sleepers = new Set<() => void>();
  const lease: TerminalLease = { suspend: null };
  const viewer = new Viewer(
    {
      open: async () => ({ ok: true, value: api }),
      operator: 'ann@host',
      nowMs: () => Date.parse('2026-11-01T11:00:00Z'),
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          sleepers.add(resolve);
          signal.addEventListener('abort', () => resolve());
        }),
      ringBell: () => {
        bells += 1;
      },
      handOver: async (argv) => {
        handedOver.push(argv);
        return 0;
      },
      editText: async (text) => edit(text),
    },
    size,
  );
  const screen = render(<App viewer={viewer} lease={lease} />);
  const following = viewer.follow();
  await expect.poll(() => viewer.state().proposals).not.toBeNull();
  viewer.dispatch({ kind: 'resized', size });
  const frame = () => screen.lastFrame() ?? '';
  return {
    viewer,
    frame,
    async press(...keys) {
      for (const key of keys) {
        screen.stdin.write(key);
        await screenSettled();
      }
    },
    shows: (text) =>
      typeof text === 'string'
        ? expect.poll(frame).toContain(text)
        : expect.poll(frame).toMatch(text),
    bells: () => bells,
    handedOver,
    hasLeft: () => viewer.left.aborted,
    passTime() {
      for (const wake of sleepers) wake();
      sleepers.clear();
    },
    async [Symbol.asyncDispose]() {
      viewer.leave();
      screen.unmount();
      await following;
    },
  };
}

/** React and Ink hand keys on within a turn of the event loop, an escape byte after a short wait for its sequence. */
function screenSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
