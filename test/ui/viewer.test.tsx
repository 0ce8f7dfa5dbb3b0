import { expect, test } from 'vitest';
import {
  bottleName,
  bottleStatus,
  condition,
  proposalReview,
  revision,
} from '../builders/status.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { KEY, showViewer } from './viewer-harness.tsx';

const ONE = '01K00000000000000000000001';

function apiWith(...names: string[]): FakeControllerApi {
  const api = new FakeControllerApi();
  api.setBottles(...names);
  return api;
}

test('a frame at 80×24 is the fleet with its proposals', async () => {
  const api = apiWith('dev', 'nightly');
  api.propose(proposalReview({ index: 1 }));
  await using screen = await showViewer(api);
  await screen.shows('GET api.example.test');
  expect(screen.frame()).toMatchInlineSnapshot(`
    "bb home  2 bottles · 1 proposal · main@aaaaaaaa · applied aaaaaaaa · controller…
      Proposals (1) ────────────────────────────────────────────────────────────────
    · 1h    dev                   GET api.example.test /v1/
    ▶ Agents (2) ───────────────────────────────────────────────────────────────────
      SLUG                AGENT       STATE        BACKEND   AGE   SIDECARS
    > dev                 researcher  Ready        docker    1h    egress,supervise
      nightly             researcher  Ready        docker    1h    egress,supervise















    Enter attach  n start  x stop  l logs  Tab pane  / filter  ? help  q leave"
  `);
});

test.each([
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
])('every state of a bottle is a whole word at $columns columns', async (size) => {
  const words = ['AwaitingApproval', 'Reconciling', 'Suspended', 'Stalled', 'Drifted'] as const;
  const api = apiWith();
  api.setBottles(
    'ready',
    ...words.map((word) => ({
      name: bottleName(`b-${word.toLowerCase()}`),
      conditions: [condition('Ready', '', 'False'), condition(word, 'it waits for somebody')],
    })),
  );
  await using screen = await showViewer(api, size);
  await screen.shows('Ready');
  for (const word of words) {
    expect(screen.frame()).toMatch(new RegExp(` ${word} +docker  `));
  }
  expect(screen.frame()).toMatch(/STATE {13}BACKEND/);
  api.setBottles('ready');
  await screen.shows(/STATE {8}BACKEND/);
});

test('R1: a change of the fleet is on the screen without a key', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  await screen.shows('dev');
  api.setBottles('dev', 'nightly');
  await screen.shows('nightly');
});

test('R2: a status message outlives refreshes and goes with the next key', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  screen.viewer.dispatch({ kind: 'told', message: { tone: 'bad', text: 'it broke' } });
  api.set({ revision: revision('b') });
  await screen.shows('main@bbbbbbbb');
  expect(screen.frame()).toContain('it broke');
  await screen.press('j');
  await expect.poll(screen.frame).not.toContain('it broke');
});

test('R3, R5: a new proposal rings, takes the focus and the cursor', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  await screen.shows('▶ Agents');
  api.propose(proposalReview({ index: 1, host: 'new.example.test' }));
  await screen.shows('▶ Proposals (1)');
  await screen.shows(/^> new +dev +GET new\.example\.test/m);
  expect(screen.bells()).toBe(1);
  screen.passTime();
  await screen.shows(/^> 1h +dev/m);
});

test('R4: proposals that were there at the start do not ring', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  await using screen = await showViewer(api);
  await screen.shows('▶ Agents');
  expect(screen.bells()).toBe(0);
  api.propose(proposalReview({ index: 2 }));
  await screen.shows('▶ Proposals (2)');
  expect(screen.bells()).toBe(1);
});

test('a new proposal does not take a question away from its operator', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  await screen.press('x');
  await screen.shows('stop dev? [y/N]');
  api.propose(proposalReview({ index: 1 }));
  await screen.shows('1 proposal');
  expect(screen.frame()).toContain('stop dev? [y/N]');
  expect(screen.bells()).toBe(1);
});

test('R6: approve asks with the effective change, and the question is gone after y', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  await using screen = await showViewer(api);
  await screen.press(KEY.tab, 'a');
  await screen.shows('approve? [y/N]');
  expect(screen.frame()).toContain('dev may GET https://api.example.test/v1/*');
  expect(screen.frame()).toContain('! first time this host is seen');
  await screen.press('y');
  await screen.shows(`approved: Decide ${ONE}`);
  expect(screen.frame()).not.toContain('[y/N]');
  expect(screen.frame()).toContain('none pending');
  expect(api.commits).toEqual([`approved ${ONE} (ann@host)`]);
});

test.for(['n', KEY.enter, KEY.escape])('%j at the question approves nothing', async (key) => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  await using screen = await showViewer(api);
  await screen.press(KEY.tab, 'a');
  await screen.shows('approve? [y/N]');
  await screen.press(key);
  await expect.poll(screen.frame).not.toContain('[y/N]');
  expect(api.commits).toEqual([]);
  expect(screen.hasLeft()).toBe(false);
});

test('reject needs a reason, which takes every key that is text', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  await using screen = await showViewer(api);
  await screen.press(KEY.tab, 'r', KEY.enter);
  await screen.shows('a rejection needs a reason');
  await screen.press('n', 'o', ' q', 'x', KEY.backspace, '!');
  await screen.shows('reason: no q!▏');
  await screen.press(KEY.enter);
  await expect.poll(() => api.commits).toEqual([`rejected ${ONE} (ann@host: no q!)`]);
});

test('D3, R29: a failed approval is a line of the status, and the proposal stays', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  api.refusals.approve = { kind: 'apply-failed', message: 'egress did not load it', hint: null };
  await using screen = await showViewer(api);
  await screen.press(KEY.tab, 'v');
  await screen.shows('Effective change');
  await screen.press('a');
  await screen.shows('approve? [y/N]');
  await screen.press('y');
  await screen.shows('egress did not load it');
  expect(screen.frame()).toContain('Proposals (1)');
  expect(screen.viewer.lastFailure).toBe('egress did not load it');
});

test('the detail shows diff, effective change and risks, scrolls, and goes back', async () => {
  const api = apiWith('dev');
  const diff = Array.from({ length: 60 }, (_, line) => `+line ${line}`).join('\n');
  api.propose(proposalReview({ index: 1, diff }));
  await using screen = await showViewer(api);
  await screen.press(KEY.tab, KEY.enter);
  await screen.shows('Justification');
  expect(screen.frame()).not.toContain('line 59');
  await screen.press('G');
  await screen.shows('line 59');
  await screen.press('k', 'g');
  await screen.shows('Justification');
  await screen.press('q');
  await screen.shows('▶ Proposals');
  expect(screen.hasLeft()).toBe(false);
});

test('D9: a proposal that is decided elsewhere closes its detail and its question, and says by whom', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1 }));
  await using screen = await showViewer(api);
  await screen.press(KEY.tab, 'v');
  await screen.shows('Justification');
  api.decide(ONE, 'bo@desk');
  await screen.shows(`proposal ${ONE} was approved by bo@desk`);
  expect(screen.frame()).toContain('none pending');
  api.propose(proposalReview({ index: 2 }));
  await screen.shows('Proposals (1)');
  await screen.press('a');
  await screen.shows('approve? [y/N]');
  api.decide('01K00000000000000000000002', 'cy@desk');
  await screen.shows('was approved by cy@desk');
  expect(screen.frame()).not.toContain('[y/N]');
  expect(api.commits).toEqual([]);
});

test('D13: what an agent writes reaches the screen without control characters', async () => {
  const api = apiWith('dev');
  api.propose(proposalReview({ index: 1, justification: 'a\x1b]52;c;ZXZpbA==\x07\u202eb\rc' }));
  await using screen = await showViewer(api);
  await screen.press(KEY.tab, 'v');
  await screen.shows('a\\x1b]52;c;ZXZpbA==\\x07\\u{202e}b\\x0dc');
  const raw = ['\x1b]', '\x07', '\u202e', '\r'].filter((text) => screen.frame().includes(text));
  expect(raw).toEqual([]);
});

test('stop names the bottle, and the selection moves to the next one', async () => {
  const api = apiWith('one', 'two', 'three');
  await using screen = await showViewer(api);
  await screen.press('j', 'x');
  await screen.shows('stop two? [y/N]');
  await screen.press('y');
  await screen.shows('stopped two');
  await screen.shows(/^> three/m);
  expect(api.commits).toEqual(['remove-instance by ann@host']);
});

test('Enter attaches, and afterwards everything is fresh', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  await screen.press(KEY.enter);
  await screen.shows('back from dev; it runs on');
  expect(screen.handedOver).toEqual([['enter', 'dev']]);
});

test('a failed attach is a line of the status (R29)', async () => {
  const api = apiWith('dev');
  api.refusals.attachCommand = { kind: 'bad-request', message: 'dev does not run', hint: null };
  await using screen = await showViewer(api);
  await screen.press(KEY.enter);
  await screen.shows('dev does not run');
  expect(screen.handedOver).toEqual([]);
});

test('the filter takes text, the keys that mean something else too; Esc clears it', async () => {
  const api = apiWith('dev', 'xq-nightly');
  await using screen = await showViewer(api);
  await screen.press('/', 'x', 'q');
  await screen.shows('Agents (1) matching "xq"');
  await screen.press(KEY.enter, '/', KEY.escape);
  await screen.shows('Agents (2)');
  expect(screen.hasLeft()).toBe(false);
});

test.for(['q', KEY.escape, KEY.ctrlC])(
  'R12: %j leaves, and nothing was asked to stop',
  async (key) => {
    const api = apiWith('dev');
    await using screen = await showViewer(api);
    await screen.press(key);
    await expect.poll(screen.hasLeft).toBe(true);
    await expect.poll(() => api.watcherCount).toBe(0);
    expect(api.commits).toEqual([]);
    expect(api.isDisposed).toBe(true);
  },
);

test('Ctrl-C leaves also from a text field', async () => {
  await using screen = await showViewer(apiWith('dev'));
  await screen.press('/', 'a', KEY.ctrlC);
  await expect.poll(screen.hasLeft).toBe(true);
});

test('R17, R19: a missing backend is a line, a row without metadata shows ?', async () => {
  const api = new FakeControllerApi();
  api.set({
    backends: [{ name: 'docker', available: false, detail: 'no engine' }],
    bottles: [bottleStatus({ name: 'lost', agent: null, backend: null, startedAt: null })],
  });
  await using screen = await showViewer(api);
  await screen.shows('docker not available: no engine');
  await screen.shows(/^> lost +\? /m);
});

test('SUSPENDED and NOT ENFORCING are words on the screen', async () => {
  const api = new FakeControllerApi();
  api.set({
    conditions: [condition('Suspended'), condition('SourceReady')],
    notEnforced: ['pipelock: built-in'],
  });
  await using screen = await showViewer(api);
  await screen.shows('SUSPENDED');
  await screen.shows('NOT ENFORCING: pipelock: built-in');
});

test('a lost controller is told and looked for again', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  await screen.shows('dev');
  api.loseWatchers('the socket was closed');
  await screen.shows('NOT LIVE: the socket was closed');
  expect(screen.frame()).toContain('dev');
  await expect.poll(() => api.watcherCount).toBe(0);
  screen.passTime();
  await expect.poll(screen.frame).not.toContain('NOT LIVE');
  expect(api.watcherCount).toBe(1);
});

test('? explains the keys and takes none of them meanwhile', async () => {
  const api = apiWith('dev');
  await using screen = await showViewer(api);
  await screen.press('?');
  await screen.shows('modify in $EDITOR');
  await screen.press(KEY.pageDown);
  await screen.shows('pagedown');
  await screen.press('x', KEY.escape);
  await screen.shows('▶ Agents');
  expect(screen.frame()).not.toContain('[y/N]');
});
