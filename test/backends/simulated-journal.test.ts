import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { fileJournal } from '../../src/backends/simulated/file-journal.ts';

const MODULE = new URL('../../src/backends/simulated/file-journal.ts', import.meta.url).href;

/** Opens the journal as each command does, again and again, until its input ends. */
const OPENER = `
  import { fileJournal } from ${JSON.stringify(MODULE)};
  let ended = false;
  process.stdin.on('end', () => { ended = true; }).resume();
  const open = () => {
    if (ended) return;
    const journal = fileJournal(process.env.JOURNAL);
    journal.compact(journal.read());
    setImmediate(open);
  };
  open();
  process.stdout.write('ready');
`;

function journalPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bb-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'engine.jsonl');
}

async function opener(path: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', OPENER], {
    env: { ...process.env, JOURNAL: path, NODE_OPTIONS: '' },
    stdio: 'pipe',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const errors = text(child.stderr);
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  return {
    async end() {
      child.stdin.end();
      const [code] = await exited;
      return { code, errors: await errors };
    },
  };
}

test('processes that open one journal at a time neither fail nor lose what another appends', async () => {
  const path = journalPath();
  const journal = fileJournal(path);
  journal.append('begin');
  const openers = await Promise.all([opener(path), opener(path)]);
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
  for (const line of lines) journal.append(line);
  const ends = await Promise.all(openers.map((each) => each.end()));
  expect(ends).toEqual([
    { code: 0, errors: '' },
    { code: 0, errors: '' },
  ]);
  expect(journal.read()).toEqual(['begin', ...lines]);
});

test('a line that a crash cut off is dropped, and one that another process is still writing is not', () => {
  const path = journalPath();
  const journal = fileJournal(path);
  journal.append('whole');
  appendFileSync(path, 'cut o');
  const seen = journal.read();
  journal.compact(seen);
  journal.append('next');
  expect(journal.read()).toEqual(['whole', 'next']);

  // What is seen between the two halves of one write, by a process that has read before the line above it.
  const halves = journalPath();
  const written = fileJournal(halves);
  written.append('first');
  const earlier = written.read();
  written.append('second');
  appendFileSync(halves, 'thi');
  written.compact(earlier);
  expect(written.read()).toEqual(['first', 'second']);
});

test('a journal that is much longer than what it says is made short', () => {
  const path = journalPath();
  const journal = fileJournal(path);
  for (let index = 0; index < 2_002; index += 1) journal.append(`line ${index}`);
  journal.compact(['last']);
  expect(readFileSync(path, 'utf8')).toBe('last\n');
});
