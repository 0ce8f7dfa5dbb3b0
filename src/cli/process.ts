import { createInterface } from 'node:readline/promises';
import { EXIT } from './exit-codes.ts';
import { handOver } from './hand-over.ts';
import { operatorName } from './operator-name.ts';
import { Output, type Sink } from './output.ts';
import { run } from './run.ts';
import type { Surroundings } from './session.ts';
import { STDOUT_CLOSED } from './stdout-closed.ts';

/** Where controllers come from: the real ones in `main.ts`, one in memory in a test of the whole program. */
export type Controllers = Pick<Surroundings, 'openController' | 'runController'>;

/** Runs a command line in this process and ends it, with everything written. */
export async function runProcess(
  argv: readonly string[],
  version: string,
  controllers: Controllers,
): Promise<void> {
  const controller = new AbortController();
  followSignals(controller);
  followReader(controller);
  const exitCode = await run(argv, surroundingsOfProcess(controller.signal, controllers), version);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(exitCode);
}

function surroundingsOfProcess(signal: AbortSignal, controllers: Controllers): Surroundings {
  const environment = process.env;
  const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  return {
    output: new Output(sinkOf(process.stdout), sinkOf(process.stderr), environment),
    environment,
    cwd: process.cwd(),
    operator: operatorName(environment),
    signal,
    ...controllers,
    ask: isInteractive ? (question) => askLine(question, signal) : null,
    handOver,
  };
}

/** The first signal asks the command to end; a second Ctrl-C does not wait for it. */
function followSignals(controller: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort(signal);
    });
  }
}

function followReader(controller: AbortController): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    controller.abort(STDOUT_CLOSED);
  });
  process.stderr.on('error', () => {});
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  return {
    write: (text) => {
      if (!stream.destroyed) stream.write(text);
    },
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
  };
}

async function askLine(question: string, signal: AbortSignal): Promise<string> {
  using lines = createInterface({ input: process.stdin, output: process.stdout });
  return await lines.question(question, { signal });
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
