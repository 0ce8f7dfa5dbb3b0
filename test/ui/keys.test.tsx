import { expect, test } from 'vitest';
import { formatPreflight } from '../../src/reconcilers/format-preflight.ts';
import {
  bottleName,
  bottleStatus,
  preflight,
  proposalReview,
  revision,
} from '../builders/status.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { KEY, showViewer } from './viewer-harness.tsx';

const TALL = { columns: 100, rows: 40 };
const CTRL_N = '\x0e';
const CTRL_P = '\x10';

function apiWith(...names: string[]): FakeControllerApi {
  const api = new FakeControllerApi();
  api.setBottles(...names);
  api.agentList = [
    { name: 'researcher', description: 'reads papers', provider: 'claude' },
    { name: 'reviewer', description: null, provider: null },
    { name: 'writer', description: 'jokes', provider: null },
  ];
  return api;
}

test('n picks an agent, shows the text of bb start, and starts what was shown', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api, TALL);
  await screen.press('n');
  await screen.shows(/^> researcher +\(1 running\) +reads papers/m);
  await screen.press(KEY.enter);
  await screen.shows('start researcher-4k1zq? [y/N]');
  for (const line of formatPreflight(preflight('researcher-4k1zq')).split('\n')) {
    expect(screen.frame()).toContain(line);
  }
  expect(api.commits).toEqual([]);
  await screen.press('y');
  await screen.shows('started researcher-4k1zq; Enter attaches');
  await screen.shows(/^> researcher-4k1zq/m);
  expect(screen.frame()).not.toContain('[y/N]');
  expect(api.edits).toMatchObject([{ kind: 'add-instance', bottle: 'researcher-4k1zq' }]);
});

test.for(['n', KEY.enter, KEY.escape])(
  'R25: %j at the preflight leaves nothing behind',
  async (key) => {
    const api = apiWith('dev');
    await using screen = await showViewer(api, TALL);
    await screen.press('n');
    await screen.shows('> researcher');
    await screen.press(KEY.enter);
    await screen.shows('[y/N]');
    await screen.press(key);
    await expect.poll(screen.frame).not.toContain('[y/N]');
    expect(api.commits).toEqual([]);
    expect(screen.hasLeft()).toBe(false);
  },
);

test('D11: the picker filters by what is typed, and moves by arrows and Ctrl-N and Ctrl-P', async () => {
  const api = apiWith();
  await using screen = await showViewer(api);
  await screen.press('n');
  await screen.shows('> researcher');
  await screen.press(KEY.down, CTRL_N);
  await screen.shows('> writer');
  await screen.press(CTRL_P);
  await screen.shows('> reviewer');
  await screen.press('j', 'o');
  await screen.shows(/filter: jo▏/);
  await screen.shows('> writer');
  expect(screen.frame()).not.toContain('researcher');
  await screen.press(KEY.escape);
  await screen.shows('> researcher');
  await screen.press(KEY.escape);
  await screen.shows('▶ Agents');
});

test('D1, R29: a preview that is refused is a line of the status', async () => {
  const api = apiWith('dev');
  api.refusals.previewEdit = { kind: 'invalid', message: 'not valid', hint: 'mend it' };
  await using screen = await showViewer(api);
  await screen.press('n');
  await screen.shows('> researcher');
  await screen.press(KEY.enter);
  await screen.shows('not valid; mend it');
  await screen.shows('▶ Agents');
  expect(screen.viewer.lastFailure).toBe('not valid; mend it');
});

test('a preflight that is longer than the screen scrolls over its question', async () => {
  const api = apiWith();
  await using screen = await showViewer(api, { columns: 80, rows: 14 });
  await screen.press('n');
  await screen.shows('> researcher');
  await screen.press(KEY.enter);
  await screen.shows('[y/N]');
  expect(screen.frame()).not.toContain('not enforced');
  await screen.press('G');
  await screen.shows('not enforced');
  expect(screen.frame()).toContain('start researcher-4k1zq? [y/N]');
});

test('l follows the log of a bottle, made harmless; Tab is the other log; Esc ends the reading', async () => {
  const api = apiWith('dev');
  api.logLines = ['one', '\x1b[2Jtwo'];
  await using screen = await showViewer(api);
  await screen.press('l');
  await screen.shows('Logs of dev, agent');
  await screen.shows('\\x1b[2Jtwo');
  api.logReaders.get('dev agent')?.('three');
  await screen.shows('three');
  await screen.press(KEY.tab);
  await screen.shows('Logs of dev, sidecars');
  expect([...api.logReaders.keys()]).toEqual(['dev sidecars']);
  await screen.press(KEY.escape);
  await screen.shows('▶ Agents');
  await expect.poll(() => api.logReaders.size).toBe(0);
});

test('a log that is scrolled back stays there while lines come; its end follows them', async () => {
  const api = apiWith('dev');
  api.logLines = Array.from({ length: 100 }, (_, index) => `line ${index}.`);
  await using screen = await showViewer(api);
  await screen.press('l');
  await screen.shows('line 99.');
  await screen.press('g');
  await screen.shows('line 0.');
  api.logReaders.get('dev agent')?.('fresh');
  await screen.shows('of 101');
  expect(screen.frame()).toContain('line 0.');
  await screen.press('G');
  await screen.shows('fresh');
});

test('d is desired against observed, and is read again when the bottle changes', async () => {
  const api = apiWith('dev');
  const operation = { op: 'replace', path: '/resources/cpus', value: 2 } as const;
  const planOf = (
    changes: readonly { operation: typeof operation; impact: 'replace-bottle' }[],
  ) => ({
    ...api.planned,
    plan: {
      ...api.planned.plan,
      bottles: [
        {
          bottle: bottleName('dev'),
          backend: 'docker',
          verdict: 'update' as const,
          impact: 'replace-bottle' as const,
          changes,
          pending: null,
          drifted: false,
        },
      ],
    },
  });
  api.planned = planOf([{ operation, impact: 'replace-bottle' }]);
  await using screen = await showViewer(api);
  await screen.press('d');
  await screen.shows('~ /resources/cpus  2  (replace-bottle)');
  api.planned = planOf([]);
  api.setBottles({ name: bottleName('dev'), lastAppliedRevision: revision('c') });
  await screen.shows('no difference');
  await screen.press('q');
  await screen.shows('▶ Agents');
});

test('w is what happened, as it happens', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  await screen.press('w');
  await screen.shows('nothing yet');
  api.eventList = [
    {
      at: '2026-11-01T10:00:00Z',
      severity: 'warning',
      bottle: bottleName('dev'),
      reason: 'Repaired',
      message: 'agent was stopped',
      revision: null,
    },
  ];
  api.set({});
  await screen.shows('Repaired  dev: agent was stopped');
});

test('u asks and applies a withheld update; where there is none it says so', async () => {
  const api = new FakeControllerApi();
  const pending = { impact: 'replace-agent', waitsFor: 'an idle agent' } as const;
  api.set({ bottles: [bottleStatus({ name: 'dev', pending }), bottleStatus({ name: 'qa' })] });
  await using screen = await showViewer(api);
  await screen.press('u');
  await screen.shows('apply it to dev now? [y/N]');
  expect(screen.frame()).toContain('replace-agent, and waits for: an idle agent');
  await screen.press('n');
  await screen.shows('▶ Agents');
  expect(api.appliedNow).toEqual([]);
  await screen.press('u');
  await screen.shows('[y/N]');
  await screen.press('y');
  await screen.shows('applied the update of dev');
  expect(api.appliedNow).toEqual(['dev']);
  await screen.press('j', 'u');
  await screen.shows('qa has no withheld update');
});

function threeProposals(): FakeControllerApi {
  const api = apiWith('dev');
  for (const index of [1, 2, 3]) {
    api.propose(proposalReview({ index, host: `host${index}.example.test` }));
  }
  return api;
}

test('space selects and A approves all that are selected, after a question that shows each', async () => {
  const api = threeProposals();
  await using screen = await showViewer(api, TALL);
  await screen.press(KEY.tab, ' ', ' ');
  await screen.shows(/^ \*1h +dev +GET host2/m);
  await screen.press('A');
  await screen.shows('approve 2 proposals? [y/N]');
  expect(screen.frame()).toContain('dev may GET https://host1.example.test/v1/*');
  expect(screen.frame()).toContain('dev may GET https://host2.example.test/v1/*');
  expect(screen.frame()).not.toContain('host3');
  await screen.press('y');
  await screen.shows('approved 2 of 2 proposals');
  await screen.shows(/^> +1h +dev +GET host3/m);
  expect(api.commits).toHaveLength(2);
});

test('m approves what the operator made of it, after a question; R31 unchanged approves nothing', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  let made = (text: string) => text;
  await using screen = await showViewer(api, TALL, (text) => made(text));
  await screen.press(KEY.tab, 'm');
  await screen.shows('unchanged: nothing is approved');
  made = () => 'nonsense';
  await screen.press('m');
  await screen.shows('host is missing');
  made = (text) => text.replace('api.', 'docs.');
  await screen.press('m');
  await screen.shows('Approve instead: instead host: docs.example.test');
  expect(api.commits).toEqual([]);
  await screen.press('y');
  await expect.poll(() => api.commits).toHaveLength(1);
  expect(api.commits[0]).toContain('(ann@host, instead: host: docs.example.test)');
});

test('space twice lets go, and A with nothing selected approves nothing', async () => {
  const api = threeProposals();
  await using screen = await showViewer(api);
  await screen.press(KEY.tab, ' ', 'k', ' ', 'A');
  await screen.shows('select proposals with the space bar first');
  expect(api.commits).toEqual([]);
});

test('A approves nothing that the question did not show', async () => {
  const api = threeProposals();
  await using screen = await showViewer(api, TALL);
  await screen.press(KEY.tab, ' ', ' ', 'A');
  await screen.shows('approve 2 proposals? [y/N]');
  const wider = proposalReview({ index: 2, host: 'host2.example.test' });
  api.propose({ ...wider, effective: [...wider.effective, 'dev may POST everywhere'] });
  await screen.press('y');
  await screen.shows('approved 1 of 2 proposals');
  expect(api.commits).toHaveLength(1);
});

test('a commit that leaves a file alone in the working tree says so', async () => {
  const api = apiWith('dev');
  api.dirtyFiles = ['agents/dev.yaml'];
  await using screen = await showViewer(api);
  await screen.press('x');
  await screen.shows('[y/N]');
  await screen.press('y');
  await screen.shows('stopped dev, but agents/dev.yaml has changes of yours');
  expect(screen.viewer.lastFailure).toContain('git checkout HEAD -- agents/dev.yaml');
});

test('help lists every key that does something in a list, and scrolls', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  await screen.press('?');
  await screen.shows('apply a withheld update');
  await screen.press('G');
  await screen.shows('ctrl-c');
});
