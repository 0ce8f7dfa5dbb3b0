import { expect, test } from 'vitest';
import { parseEnd } from '../../src/cli/parse-end.ts';
import type { Surroundings } from '../../src/cli/session.ts';
import { bottleStatus, proposalReview } from '../builders/status.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { runBb } from './run-bb.ts';

const ID = '01K00000000000000000000001';

function apiWith(...names: string[]): FakeControllerApi {
  const api = new FakeControllerApi();
  api.setBottles(...names);
  return api;
}

test('approve shows the effective change, commits as the operator and exits 0', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  const { exitCode, stdout } = await runBb(['approve', ID], { api });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('dev may GET https://api.example.test/v1/*');
  expect(stdout).toContain('! first time this host is seen');
  expect(stdout).toContain('approved: commit dddddddd');
  expect(api.commits).toEqual([`approved ${ID} (ann@host)`]);
});

test('approve tells which file the working tree keeps, on stderr and in JSON', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  api.dirtyFiles = ['desired-state/routes/dev.yaml'];
  const told = await runBb(['approve', ID, '--quiet'], { api });
  expect(told.stderr).toContain('git checkout HEAD -- desired-state/routes/dev.yaml');
  api.propose(proposalReview({ index: 2 }));
  const json = await runBb(['approve', ID.replace(/1$/, '2'), '--json'], { api });
  expect(JSON.parse(json.stdout)).toMatchObject({ leftInWorkingTree: api.dirtyFiles });
});

test('N2 approve --expires names the end as an instant; one that is over or unclear is bad usage', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  for (const end of ['8 hours', '0h', '2020-01-01T00:00:00Z', '2126-01-01T00:00:00', 'soon']) {
    expect(await runBb(['approve', ID, '--expires', end], { api })).toMatchObject({ exitCode: 2 });
  }
  expect(api.commits).toEqual([]);
  const instant = '2126-01-01T01:00:00+01:00';
  await runBb(['approve', ID, '--expires', instant], { api });
  expect(api.commits).toEqual([`approved ${ID} (ann@host, until 2126-01-01T00:00:00Z)`]);
  expect(parseEnd('8h', Date.parse('2026-01-01T00:00:00Z'))).toBe('2026-01-01T08:00:00Z');
});

test('errors of the controller go to stderr, and --quiet does not hide them', async () => {
  const runController: Surroundings['runController'] = async (_options, _signal, onLine) => {
    onLine('following main', 'info');
    onLine('error: pid 7 holds this fleet', 'error');
    return 1;
  };
  const loud = await runBb(['controller'], { runController });
  const refused = { exitCode: 1, stderr: 'error: pid 7 holds this fleet\n' };
  expect(loud).toMatchObject({ ...refused, stdout: 'following main\n' });
  const quiet = await runBb(['controller', '--quiet'], { runController });
  expect(quiet).toMatchObject({ ...refused, stdout: '' });
});

test('approve --seen refuses when what was seen is not what stands now', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  const outdated = await runBb(['approve', ID, '--seen', 'seen-0'], { api });
  expect(outdated.exitCode).toBe(1);
  expect(api.commits).toEqual([]);
  const current = await runBb(['approve', ID, '--seen', 'seen-1'], { api });
  expect(current.exitCode).toBe(0);
});

test('a second decision about a proposal is refused, and the first one stands (D9)', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  await runBb(['reject', ID, '--reason', 'not needed'], { api });
  const second = await runBb(['approve', ID], { api });
  expect(second.exitCode).toBe(1);
  expect(second.stderr).toContain('is rejected already');
  expect(api.commits).toEqual([`rejected ${ID} (ann@host: not needed)`]);
});

test('an unknown proposal is bad usage', async () => {
  expect(await runBb(['approve', 'nope'])).toMatchObject({ exitCode: 2 });
});

test('reconcile prints a line an action and ends with what is in force', async () => {
  const { exitCode, stdout } = await runBb(['reconcile'], { api: apiWith('dev', 'nightly') });
  expect(exitCode).toBe(0);
  expect(stdout).toBe(
    'done    dev: start agent\n' +
      'done    nightly: start agent\n' +
      'in force at aaaaaaaa: 2 actions, 2 bottles\n',
  );
});

test('reconcile --quiet prints nothing when all is well', async () => {
  const ran = await runBb(['reconcile', '--quiet'], { api: apiWith('dev') });
  expect(ran).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
});

test('on a terminal the running action is rewritten in place and gone at the end', async () => {
  const { stdout } = await runBb(['reconcile'], {
    api: apiWith('dev'),
    isTTY: true,
    environment: { NO_COLOR: '1' },
  });
  expect(stdout).toBe(
    '0/1 dev: start agent\r\x1b[2Kdone    dev: start agent\n' +
      'in force at aaaaaaaa: 1 action, 1 bottle\n',
  );
});

test('updates that wait for an operator are told, and exit 4', async () => {
  const api = new FakeControllerApi();
  const pending = { impact: 'replace-agent', waitsFor: 'bb apply' } as const;
  api.set({ bottles: [bottleStatus({ name: 'dev', pending })] });
  const { exitCode, stdout } = await runBb(['reconcile'], { api });
  expect(exitCode).toBe(4);
  expect(stdout).toContain('bb apply dev');
});

test('apply names the bottle whose update may run; another name is refused', async () => {
  const api = apiWith('dev');
  expect(await runBb(['apply', 'dev'], { api })).toMatchObject({ exitCode: 0 });
  expect(await runBb(['apply', 'dve'], { api })).toMatchObject({ exitCode: 2 });
});

test('plan exits 3 only when asked to and something would change', async () => {
  const api = apiWith('dev');
  const same = await runBb(['plan', '--detailed-exitcode'], { api });
  expect(same.exitCode).toBe(0);
  api.planned = {
    ...api.planned,
    plan: { ...api.planned.plan, refused: { reason: 'deletes 9 of 10', hint: 'permit it' } },
  };
  expect((await runBb(['plan', '--detailed-exitcode'], { api })).exitCode).toBe(3);
  expect((await runBb(['reconcile', '--dry-run'], { api })).exitCode).toBe(0);
});

test('diff is the patch of one bottle; an unknown one gets the nearest name', async () => {
  const api = apiWith('dev');
  const operation = { op: 'replace', path: '/resources/cpus', value: 2 } as const;
  api.planned = {
    ...api.planned,
    plan: {
      ...api.planned.plan,
      bottles: [
        {
          bottle: bottleStatus().name,
          backend: 'docker',
          verdict: 'update',
          impact: 'replace-bottle',
          changes: [{ operation, impact: 'replace-bottle' }],
          pending: null,
          drifted: false,
        },
      ],
    },
  };
  const text = await runBb(['diff', 'dev'], { api });
  expect(text.stdout).toBe('~ /resources/cpus  2  (replace-bottle)\n');
  const json = await runBb(['diff', 'dev', '--json'], { api });
  expect(JSON.parse(json.stdout)).toEqual([operation]);
  const wrong = await runBb(['diff', 'dve'], { api });
  expect(wrong).toMatchObject({ exitCode: 2 });
  expect(wrong.stderr).toContain('did you mean "dev"?');
});

test('start makes an instance of an agent, and unsuspends a bottle of that name', async () => {
  const api = apiWith('nightly');
  await runBb(['start', 'dev', '--yes'], { api });
  await runBb(['start', 'nightly', '--yes'], { api });
  await runBb(['suspend'], { api });
  expect(api.commits.map((commit) => commit.split(' ')[0])).toEqual([
    'add-instance',
    'suspend-instance',
    'suspend-fleet',
  ]);
});

test('exec runs what the controller says with our own streams', async () => {
  const argv = ['exec', 'dev', '--', 'ls', '--color'];
  const { handedOver } = await runBb(argv, { api: apiWith('dev') });
  const mark = expect.stringMatching(/^BB_EXEC=[-0-9a-f]{36}$/);
  expect(handedOver).toEqual([['run', 'dev', 'env', mark, 'ls', '--color']]);
});

test('attach hands the terminal to what the controller says', async () => {
  const { handedOver } = await runBb(['attach', 'dev'], { api: apiWith('dev') });
  expect(handedOver).toEqual([['enter', 'dev']]);
});

test('logs are lines of the bottle', async () => {
  const api = apiWith('dev');
  api.logLines = ['one', 'two'];
  expect((await runBb(['logs', 'dev', 'sidecars'], { api })).stdout).toBe('one\ntwo\n');
});

const LEFTOVER = {
  backend: 'docker',
  kind: 'container',
  bottle: bottleStatus().name,
  component: 'agent',
  name: 'bb-home-dev',
  reason: 'no commit asks for it',
} as const;

test.for([
  ['y', [], 0],
  ['', [], 1],
  [undefined, ['--yes'], 0],
] as const)('cleanup answered %j with %j leaves %i', async ([answer, flags, left]) => {
  const api = new FakeControllerApi();
  api.leftoverList = [LEFTOVER];
  const ran = await runBb(['cleanup', ...flags], {
    api,
    ...(answer === undefined ? {} : { answer }),
  });
  expect(ran.exitCode).toBe(0);
  expect(ran.stdout).toContain('docker:\n  container bb-home-dev (no commit asks for it)\n');
  expect(api.leftoverList).toHaveLength(left);
});

test('cleanup without a terminal and without --yes removes nothing', async () => {
  const api = new FakeControllerApi();
  api.leftoverList = [LEFTOVER];
  const { exitCode, stderr } = await runBb(['cleanup'], { api });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('add --yes');
  expect(api.leftoverList).toHaveLength(1);
});
