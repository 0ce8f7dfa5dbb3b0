import { expect, test } from 'vitest';
import { openGit } from '../../../src/controller/adapters/git.ts';
import { applicationLines, endsWithTurns } from '../../../src/controller/audit/application-note.ts';
import { readNote } from '../../../src/controller/audit/read-note.ts';
import { HOME } from '../../builders/observed.ts';
import { gitRepository } from '../../builders/repository.ts';
import { bottleName, fleetName, revision } from '../../builders/status.ts';

const AT = '2026-11-01T00:00:00.000Z';

test('the note of a commit tells of every bottle of a large fleet, whatever went wrong in it', async () => {
  await using repository = await gitRepository({
    files: { 'desired-state/fleet.yaml': 'name: x' },
  });
  const opened = await openGit({
    repository: repository.root,
    branch: 'main',
    folder: 'desired-state',
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  const { git } = opened;
  const tip = await git.tip();
  if (tip === null) throw new Error('no commit');
  const turns = Array.from({ length: 150 }, (_, index) => ({
    revision: revision('a'),
    bottle: bottleName(`dev-${index}`),
    actions: 7,
    result: index % 2 === 0 ? 'done' : `failed: \u202e"${'x\n'.repeat(500)}`,
  }));
  await git.appendNote(tip, applicationLines({ fleet: HOME, at: AT }, turns));
  const note = await git.readNote(tip);
  const told = readNote(note);
  expect(told.map(({ bottle }) => bottle)).toEqual(turns.map(({ bottle }) => bottle));
  expect(told[1]).toMatchObject({
    at: AT,
    actions: 7,
    result: expect.stringMatching(/^failed: \\u/),
  });
  expect(endsWithTurns(note, HOME, turns)).toBe(true);
  expect(endsWithTurns(note, HOME, turns.slice(1))).toBe(false);
  const more = { fleet: fleetName('other'), at: AT };
  await git.appendNote(tip, applicationLines(more, turns.slice(1)));
  expect(endsWithTurns(await git.readNote(tip), HOME, turns)).toBe(true);
  expect(endsWithTurns(await git.readNote(tip), more.fleet, turns)).toBe(false);
  expect(endsWithTurns(null, HOME, turns)).toBe(false);
});
