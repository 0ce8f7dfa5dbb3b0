import { readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { proposalReview } from '../builders/status.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { type RunOptions, runBb } from './run-bb.ts';

const ID = '01K00000000000000000000001';

/** A person at a terminal whose editor makes of the text what `edits` say, one after the other. */
function editing(edits: readonly ((text: string) => string)[], answers: readonly string[]) {
  const api = new FakeControllerApi();
  api.setBottles('dev');
  api.propose(proposalReview({ index: 1 }));
  const paths: string[] = [];
  const options: RunOptions = {
    api,
    answers,
    environment: { EDITOR: 'ed -s' },
    async onHandOver(argv) {
      const path = argv.at(-1) ?? '';
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const text = await readFile(path, 'utf8');
      await writeFile(path, edits[paths.length]?.(text) ?? text);
      paths.push(path);
    },
  };
  return { api, options, paths };
}

test('modify opens the editor, shows what the text means, asks, and approves that', async () => {
  const docs = (text: string) => text.replace('api.', 'docs.');
  const { api, options, paths } = editing([docs], ['y']);
  const { exitCode, stdout, handedOver, asked } = await runBb(['modify', ID], options);
  expect(exitCode).toBe(0);
  expect(handedOver[0]?.slice(0, 3)).toEqual(['sh', '-c', 'ed -s "$1"']);
  expect(stdout).toContain('dev: instead host: docs.example.test');
  expect(asked).toEqual(['approve this instead? [y/N] ']);
  expect(api.commits[0]).toContain('instead: host: docs.example.test');
  await expect(stat(paths[0] ?? '')).rejects.toThrow('ENOENT');
});

test('R31 a text that was closed without a change approves nothing', async () => {
  const { api, options } = editing([], ['y']);
  const { exitCode, stdout, asked } = await runBb(['modify', ID], options);
  expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: [] });
  expect(stdout).toContain('unchanged: nothing is approved');
  expect(api.commits).toEqual([]);
});

test('a text that cannot be taken is opened again as it was left, or given up', async () => {
  const mended = (text: string) => text.replace('hst: ', 'host: docs.');
  const { api, options } = editing([() => 'hst: example.test', mended], ['y', 'y']);
  const { exitCode, stderr } = await runBb(['modify', ID], options);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('host is missing');
  expect(api.commits[0]).toContain('instead: host: docs.example.test');

  const other = editing([() => 'hst'], ['n']);
  await runBb(['modify', ID], other.options);
  expect(other.api.commits).toEqual([]);
});

test('an editor that fails approves nothing', async () => {
  const { api, options } = editing([], []);
  const failed = await runBb(['modify', ID], { ...options, handOverExitCode: 3 });
  expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('exit code 3') });
  expect(api.commits).toEqual([]);
});

test('approve asks a person and takes everything but yes for no; a script and --yes are not asked', async () => {
  const { api, options } = editing([], ['n']);
  const no = await runBb(['approve', ID], options);
  expect(no).toMatchObject({ exitCode: 0, asked: ['approve? [y/N] '] });
  expect(api.commits).toEqual([]);
  const yes = await runBb(['approve', ID, '--yes'], options);
  expect(yes.asked).toEqual([]);
  expect(api.commits).toHaveLength(1);
});

test('approve --all shows each that --where leaves, and asks once with their number', async () => {
  const api = new FakeControllerApi();
  api.setBottles('dev', 'qa');
  api.propose(proposalReview({ index: 1 }));
  api.propose(proposalReview({ index: 2, host: 'a.mirror.test' }));
  api.propose(proposalReview({ index: 3, host: 'b.mirror.test', bottle: 'qa' }));
  const mirrors = ['approve', '--all', '--where', 'host=*.mirror.test'];
  const no = await runBb(mirrors, { api, answer: 'n' });
  expect(no.asked).toEqual(['approve 2 proposals, each as a commit? [y/N] ']);
  expect(no.stdout).not.toContain('api.example.test');
  expect(await runBb(mirrors, { api })).toMatchObject({ exitCode: 2 });
  expect(api.commits).toEqual([]);
  await runBb([...mirrors, '--where', 'bottle=qa', '--yes'], { api });
  expect(api.commits.map((commit) => commit.slice(0, 35))).toEqual([
    `approved ${ID.slice(0, -1)}3`,
  ]);
  expect((await runBb(['approve'], { api })).exitCode).toBe(2);
  expect((await runBb(['approve', ID, '--all'], { api })).exitCode).toBe(2);
  expect((await runBb(['approve', '--all', '--where', 'x=y'], { api })).exitCode).toBe(2);
  for (const strange of [
    ['approve', ID, '--where', 'bottle=qa'],
    ['approve', '--all', '--yes', '--seen', 'x'],
    ['approve', '--all', '--yes', '--json'],
    ['approve', '--all', '--yes', '--where', 'host=https://b.mirror.test'],
  ]) {
    expect((await runBb(strange, { api })).exitCode).toBe(2);
  }
  expect(api.commits).toHaveLength(1);
});

test('approve --all finds a host by the letters that a person writes', async () => {
  const api = new FakeControllerApi();
  api.setBottles('dev');
  api.propose(proposalReview({ index: 1, host: 'xn--bcher-kva.test' }));
  await runBb(['approve', '--all', '--yes', '--where', 'host=Bücher.test'], { api });
  expect(api.commits).toHaveLength(1);
});

test('approve --all tells what nobody could approve, and approves the others', async () => {
  const api = new FakeControllerApi();
  api.setBottles('dev');
  for (const index of [1, 2, 3]) api.propose(proposalReview({ index }));
  const review = api.review.bind(api);
  const denied = {
    kind: 'conflict',
    message: 'it is denied',
    hint: null,
    diagnostics: [],
  } as const;
  api.review = async (id, terms) =>
    id.endsWith('2') ? { ok: false, refusal: denied } : review(id, terms);
  const ran = await runBb(['approve', '--all'], { api, answer: 'y' });
  expect(ran).toMatchObject({
    exitCode: 1,
    asked: ['approve 2 proposals, each as a commit? [y/N] '],
    stderr: expect.stringContaining(`${ID.slice(0, -1)}2: it is denied`),
  });
  expect(api.commits).toHaveLength(2);
});
