import { createInterface } from 'node:readline/promises';
import { execa, type Options } from 'execa';

const COLOUR = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

export function heading(text: string): void {
  console.log(COLOUR ? `\n\u001b[1;36m== ${text}\u001b[0m` : `\n== ${text}`);
}

export function say(text: string): void {
  console.log(`  ${text}`);
}

/** Shows a command as one would type it, then its output. Throws when it fails. */
export async function shown(
  program: string,
  argv: readonly string[],
  options: Options,
  name = program,
): Promise<void> {
  const line = `$ ${[name, ...argv].join(' ')}`;
  console.log(COLOUR ? `\n\u001b[1m${line}\u001b[0m` : `\n${line}`);
  await execa(program, argv, { ...options, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
}

/** Asks for yes; without a terminal the answer is yes. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    say(`${question} yes (no terminal to ask on)`);
    return true;
  }
  using lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question(`\n  ${question} [Y/n] `);
  return !/^n/i.test(answer.trim());
}
