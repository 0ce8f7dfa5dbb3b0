import { expect, test } from 'vitest';
import type { AuditedDecision } from '../../src/controller/audit/audit-entry.ts';
import { parseRevision } from '../../src/model/names.ts';
import { revision } from '../builders/status.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { KEY, showViewer } from './viewer-harness.tsx';

function decision(id: string, more: Partial<AuditedDecision['entry']> = {}): AuditedDecision {
  const subject = `Allow ${id}.example.test for dev`;
  const entry = {
    revision: revision(id),
    at: '2026-11-01T10:55:00Z',
    action: 'approve',
    bottle: 'dev',
    tool: 'egress-block',
    proposal: `01J000000000000000000000${id}${id}`,
    operator: 'olga@desk',
    author: 'bb <bb@localhost>',
    subject,
    reason: null,
    justification: 'the task needs it',
    reverts: null,
    undoneBy: null,
    files: ['routes/dev.yaml'],
    inForce: { at: '2026-11-01T10:55:02Z', revision: revision(id) },
    applications: [],
    ...more,
  };
  const diff = `--- a/routes/dev.yaml\n+++ b/routes/dev.yaml\n+  - host: ${id}.example.test\n`;
  return { entry, diff };
}

function apiWith(...decisions: AuditedDecision[]): FakeControllerApi {
  const api = new FakeControllerApi();
  api.setBottles('dev');
  api.decisionList = decisions;
  return api;
}

function numbered(at: number): AuditedDecision['entry']['revision'] {
  const id = parseRevision(String(at).padStart(40, '0'));
  if (id === undefined) throw new Error(`${at} gives no id`);
  return id;
}

test('c lists the commits: who, when, since when in force, what; Enter shows one with its proposal and diff', async () => {
  const rejected = { action: 'reject', subject: 'Reject b for dev', inForce: null, files: [] };
  const api = apiWith(decision('a'), decision('b', { ...rejected, reason: 'no need' }));
  await using screen = await showViewer(api);
  await screen.press('c');
  await screen.shows(/^> 5m +aaaaaaaa +olga@desk +2 s +Allow a\.example\.test for dev/m);
  await screen.shows(/^ {2}5m +bbbbbbbb +olga@desk +- +Reject b for dev: no need/m);
  await screen.press('j', KEY.enter);
  await screen.shows('reason      no need');
  await screen.press(KEY.escape);
  await screen.shows(/^> 5m +bbbbbbbb/m);
  await screen.press('k', KEY.enter);
  await screen.shows(/proposal {4}01J000000000000000000000aa/);
  await screen.shows('+  - host: a.example.test');
  await screen.press(KEY.escape);
  await screen.shows(/^> 5m +aaaaaaaa/m);
  await screen.press(KEY.escape);
  await screen.shows('Agents (1)');
  expect(screen.hasLeft()).toBe(false);
});

test('a commit that comes while the list is open is put above, and the selection stays', async () => {
  const api = apiWith(decision('a'), decision('b'));
  await using screen = await showViewer(api);
  await screen.press('c', 'j');
  await screen.shows(/^> 5m +bbbbbbbb/m);
  api.decisionList = [decision('c'), ...api.decisionList];
  api.set({ revision: revision('c') });
  await screen.shows(/^ {2}5m +cccccccc/m);
  await screen.shows(/^> 5m +bbbbbbbb/m);
});

test('what a commit says reaches no terminal, and more commits than fit scroll', async () => {
  const hostile = decision('e', { subject: 'x\u001b[2Jy', operator: '\u202eolga' });
  const many = Array.from({ length: 60 }, (_, at) =>
    decision('d', { revision: numbered(at), subject: `number ${at}` }),
  );
  await using screen = await showViewer(apiWith(hostile, ...many));
  await screen.press('c');
  await screen.shows('x\\x1b[2Jy');
  expect(screen.frame()).not.toContain('\u202e');
  await screen.press('G');
  await screen.shows(/^> .*number 59/m);
  expect(screen.frame().split('\n').length).toBeLessThan(24);
});

test('an empty history, and one that cannot be read, are told', async () => {
  const api = apiWith();
  await using screen = await showViewer(api);
  await screen.press('c');
  await screen.shows('nothing yet');
  await screen.press(KEY.escape);
  await screen.shows('Agents (1)');
  api.refusals.history = { kind: 'source', message: 'the repository is gone', hint: null };
  await screen.press('c');
  await screen.shows('the repository is gone');
  await screen.shows('Agents (1)');
});
