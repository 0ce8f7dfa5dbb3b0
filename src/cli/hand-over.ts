import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** How a signal that this process gets reaches a program that runs elsewhere: argv that ends with 0 when it did. */
export type Relay = (signal: NodeJS.Signals) => Promise<readonly string[]>;

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A program that was just started is not there yet. */
const ATTEMPTS = 30;
const RETRY_MS = 100;

/**
 * Runs a program with the streams of this process; gives its exit code, or 128 and the signal that ended it. Ctrl-C
 * belongs to the program that has the terminal, so it does not end this process meanwhile. With a relay the program
 * has no part in the terminal's own signals: each one comes here, and is passed on once.
 */
export function handOver(argv: readonly string[], relay: Relay | null = null): Promise<ExitCode> {
  const [program = '', ...rest] = argv;
  const taken = relay === null ? (['SIGINT'] as const) : ENDING;
  let child: ChildProcess | null = null;
  const listeners = taken.map((signal) => {
    const before = process.listeners(signal);
    const listen = () => {
      if (relay !== null && child !== null) void passOn(signal, child, relay);
    };
    process.removeAllListeners(signal);
    process.on(signal, listen);
    return { signal, listen, before };
  });
  return new Promise<ExitCode>((resolve, reject) => {
    child = spawn(program, rest, { stdio: 'inherit', detached: relay !== null });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? exitCodeOf(signal)));
  }).finally(() => {
    for (const { signal, listen, before } of listeners) {
      process.removeListener(signal, listen);
      for (const listener of before) process.on(signal, listener);
    }
  });
}

/** What cannot be reached inside is at least not waited for out here. */
async function passOn(signal: NodeJS.Signals, child: ChildProcess, relay: Relay): Promise<void> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  try {
    const [program = '', ...rest] = await relay(signal);
    for (let attempt = 0; attempt < ATTEMPTS && !hasEnded(); attempt += 1) {
      if (await succeeds(program, rest)) return;
      await delay(RETRY_MS);
    }
  } catch {
    // The controller is gone; the client here is still ours to end.
  }
  if (!hasEnded()) child.kill(signal);
}

function succeeds(program: string, rest: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = spawn(program, rest, { stdio: 'ignore', detached: true, timeout: 10_000 });
    sent.on('error', () => resolve(false));
    sent.on('exit', (code) => resolve(code === 0));
  });
}

function exitCodeOf(signal: NodeJS.Signals | null): ExitCode {
  return signal === null ? EXIT.failed : 128 + constants.signals[signal];
}
