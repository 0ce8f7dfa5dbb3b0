import { Output, type Sink } from '../../src/cli/output.ts';
import { run } from '../../src/cli/run.ts';
import type { Surroundings } from '../../src/cli/session.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly handedOver: readonly (readonly string[])[];
  /** Questions that were asked. */
  readonly asked: readonly string[];
}

export interface RunOptions {
  readonly api?: FakeControllerApi;
  readonly isTTY?: boolean;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly cwd?: string;
  /** How a program ends that is handed the terminal; default: 0. */
  readonly handOverExitCode?: number;
  /** What a program does that is handed the terminal. */
  readonly onHandOver?: (argv: readonly string[]) => Promise<void>;
  /** What the person at the terminal answers; without it there is nobody to ask. */
  readonly answer?: string;
  /** The same, one answer a question, in order. */
  readonly answers?: readonly string[];
  readonly openController?: Surroundings['openController'];
  readonly runController?: Surroundings['runController'];
}

/** Runs a command line in this process, against a controller in memory. */
export async function runBb(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { api = new FakeControllerApi(), environment = {}, answer } = options;
  const { answers = answer === undefined ? null : [answer] } = options;
  const asked: string[] = [];
  const stdout = capture(options.isTTY === true);
  const stderr = capture(options.isTTY === true);
  const handedOver: (readonly string[])[] = [];
  const exitCode = await run(
    argv,
    {
      output: new Output(stdout, stderr, environment),
      environment,
      cwd: options.cwd ?? '/',
      operator: 'ann@host',
      signal: options.signal ?? new AbortController().signal,
      openController: options.openController ?? (async () => ({ ok: true, value: api })),
      runController: options.runController ?? (async () => 0),
      ask:
        answers === null
          ? null
          : async (question) => {
              asked.push(question);
              return answers[asked.length - 1] ?? '';
            },
      handOver: async (command) => {
        handedOver.push(command);
        await options.onHandOver?.(command);
        return options.handOverExitCode ?? 0;
      },
    },
    '1.2.3',
  );
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), handedOver, asked };
}

function capture(isTTY: boolean): Sink & { text(): string } {
  const written: string[] = [];
  return {
    isTTY,
    columns: 80,
    write: (text) => written.push(text),
    text: () => written.join(''),
  };
}
