import { expect, test } from 'vitest';
import { formatPreflight } from '../../src/reconcilers/format-preflight.ts';
import { preflight } from '../builders/status.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { runBb } from './run-bb.ts';

function apiWith(...names: string[]): FakeControllerApi {
  const api = new FakeControllerApi();
  api.setBottles(...names);
  api.agentList = [
    { name: 'researcher', description: 'reads papers', provider: 'claude' },
    { name: 'reviewer', description: null, provider: null },
  ];
  return api;
}

const ADDED = { kind: 'add-instance', agent: 'researcher', label: null } as const;
const SHOWN = `${formatPreflight(preflight('researcher-4k1zq'))}\n`;

test('start shows the preflight, asks, commits what was shown and attaches when it is ready', async () => {
  const api = apiWith('dev');
  const ran = await runBb(['start', 'researcher'], { api, answer: 'y' });
  expect(ran.exitCode).toBe(0);
  expect(ran.stdout.startsWith(SHOWN)).toBe(true);
  expect(ran.asked).toEqual(['start researcher-4k1zq? [y/N] ']);
  expect(api.edits).toEqual([{ ...ADDED, bottle: 'researcher-4k1zq' }]);
  expect(ran.handedOver).toEqual([['enter', 'researcher-4k1zq']]);
});

test.for(['n', '', 'no', 'x'])('R25: answered %j, start leaves nothing behind', async (answer) => {
  const api = apiWith();
  const ran = await runBb(['start', 'researcher'], { api, answer });
  expect(ran).toMatchObject({ exitCode: 0, handedOver: [] });
  expect(ran.stdout).toBe(`${SHOWN}nothing was started\n`);
  expect(api.commits).toEqual([]);
});

test('R25: a dry run shows preflight and plan, asks nothing and leaves nothing behind', async () => {
  const api = apiWith();
  const ran = await runBb(['start', 'researcher', '--dry-run'], { api });
  expect(ran).toMatchObject({ exitCode: 0, asked: [] });
  expect(ran.stdout).toBe(`${SHOWN}\nno bottles; 0 actions\n`);
  const json = await runBb(['start', 'researcher', '--dry-run', '--json'], { api });
  expect(JSON.parse(json.stdout)).toMatchObject({
    edit: { ...ADDED, bottle: 'researcher-4k1zq' },
    preflight: { bottle: 'researcher-4k1zq' },
  });
  expect(api.commits).toEqual([]);
});

test('without a terminal start needs --yes, and attaches to nothing', async () => {
  const api = apiWith();
  const refused = await runBb(['start', 'researcher'], { api });
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('add --yes to start it');
  expect(api.commits).toEqual([]);
  const meant = await runBb(['start', 'researcher', '--yes'], { api });
  expect(meant).toMatchObject({ exitCode: 0, handedOver: [] });
  expect(api.edits).toHaveLength(1);
});

test('--yes does not ask, --detach does not attach, --name and --label are in the edit', async () => {
  const api = apiWith();
  const argv = ['start', 'researcher', '--yes', '--detach', '--name', 'mine', '--label', 'papers'];
  const ran = await runBb(argv, { api, answer: 'n' });
  expect(ran).toMatchObject({ exitCode: 0, asked: [], handedOver: [] });
  expect(api.edits).toEqual([{ ...ADDED, bottle: 'mine', label: 'papers' }]);
});

test('--prompt has the agent do it without a terminal, and ends as the agent does', async () => {
  const api = apiWith();
  const argv = ['start', 'researcher', '--yes', '--name', 'mine', '--prompt', 'read it'];
  const ran = await runBb(argv, { api, handOverExitCode: 3 });
  expect(ran).toMatchObject({ exitCode: 3, handedOver: [['prompt', 'mine', 'read it']] });
  expect(api.edits).toEqual([{ ...ADDED, bottle: 'mine' }]);
  expect(api.endedSessions).toEqual(['mine 3']);
  expect(ran.stderr).toContain('bb attach mine goes on with its session');
});

test('--prompt at a bottle that runs commits nothing; one that is not ready does nothing', async () => {
  const api = apiWith('dev');
  const ran = await runBb(['start', 'dev', '--prompt', 'read it'], { api });
  expect(ran).toMatchObject({
    exitCode: 0,
    stderr: '',
    handedOver: [['prompt', 'dev', 'read it']],
  });
  expect(api.edits).toEqual([]);
  expect(api.endedSessions).toEqual(['dev 0']);
  api.startsReady = false;
  const failed = await runBb(['start', 'researcher', '--yes', '--prompt', 'x'], { api });
  expect(failed.handedOver).toEqual([]);
  expect(failed.exitCode).toBe(1);
});

test('attach goes on with the last session, --new begins another', async () => {
  const api = apiWith('dev');
  expect((await runBb(['attach', 'dev'], { api })).handedOver).toEqual([['enter', 'dev']]);
  const { handedOver } = await runBb(['attach', 'dev', '--new'], { api });
  expect(handedOver).toEqual([['enter', 'dev', 'new']]);
});

test('a bottle that is not ready is not attached to', async () => {
  const api = apiWith();
  api.startsReady = false;
  const ran = await runBb(['start', 'researcher'], { api, answer: 'y' });
  expect(ran.handedOver).toEqual([]);
  expect(api.edits).toHaveLength(1);
});

test.for(['2', 'reviewer'])('nothing named asks which agent; %j is an answer', async (chosen) => {
  const api = apiWith('dev', 'nightly');
  const ran = await runBb(['start', '--detach'], { api, answers: [chosen, 'y'] });
  expect(ran.stdout).toMatch(/^1 {2}researcher {2}\(2 running\) {2}reads papers$/m);
  expect(ran.asked[0]).toBe('which one? [1-2, Enter for none] ');
  expect(api.edits).toMatchObject([{ kind: 'add-instance', agent: 'reviewer' }]);
});

test('R25: Enter at the picker starts nothing; without a terminal an agent must be named', async () => {
  const api = apiWith();
  const left = await runBb(['start'], { api, answer: '' });
  expect(left).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('nothing was started'),
  });
  const alone = await runBb(['start'], { api });
  expect(alone.exitCode).toBe(2);
  expect(alone.stderr).toContain('bb start <agent>');
  expect(api.commits).toEqual([]);
});

test('R25: a preview that is refused commits nothing', async () => {
  const api = apiWith();
  api.refusals.previewEdit = { kind: 'invalid', message: 'it would not be valid', hint: null };
  const ran = await runBb(['start', 'researcher'], { api, answer: 'y' });
  expect(ran).toMatchObject({ exitCode: 2, asked: [] });
  expect(ran.stderr).toContain('it would not be valid');
  expect(api.commits).toEqual([]);
});

test.for([
  ['y', [], 0],
  ['n', [], 1],
  ['', [], 1],
  ['n', ['--yes'], 0],
  [undefined, [], 0],
] as const)('stop answered %j with %j leaves %i', async ([answer, flags, left]) => {
  const api = apiWith('dev');
  const answers = answer === undefined ? {} : { answer };
  const ran = await runBb(['stop', 'dev', ...flags], { api, ...answers });
  expect(ran.exitCode).toBe(0);
  expect(api.fleet.bottles).toHaveLength(left);
  const question = answer === undefined || flags.length > 0 ? [] : ['stop dev? [y/N] '];
  expect(ran.asked).toEqual(question);
});

test('stop of a bottle that does not exist asks nothing', async () => {
  const ran = await runBb(['stop', 'dve'], { api: apiWith('dev'), answer: 'y' });
  expect(ran).toMatchObject({ exitCode: 2, asked: [] });
  expect(ran.stderr).toContain('did you mean "dev"?');
});

test('a file that a commit left alone is told with what to do, also when quiet', async () => {
  const api = apiWith('dev');
  const clean = await runBb(['stop', 'dev', '--quiet'], { api });
  expect(clean.stderr).toBe('');
  api.setBottles('dev');
  api.dirtyFiles = ['desired-state/agents/dev.yaml'];
  const { stderr } = await runBb(['stop', 'dev', '--quiet'], { api });
  expect(stderr).toContain('desired-state/agents/dev.yaml has changes of yours');
  expect(stderr).toContain('git checkout HEAD -- desired-state/agents/dev.yaml');
});
