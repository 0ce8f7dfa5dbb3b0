import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished } from 'vitest';
import type { ProposalView } from '../../src/controller/api.ts';
import type { ProposalId } from '../../src/model/names.ts';
import { propose } from '../crash/deeds.ts';
import { mortalProcess } from '../crash/mortal-process.ts';
import { eventually } from '../eventually.ts';
import { hasTmux, Terminal } from '../ui/tmux.ts';
import { builtProgram } from './built-program.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { scenario } from './scenario.ts';

const simulated = { engine: null } as const;

/** `bb <argv>` by this operator, in a process of its own. */
async function decides(fleet: FleetUnderTest, operator: string, ...argv: readonly string[]) {
  const { exitCode, all } = await execa(await builtProgram(), [...fleet.globals, ...argv], {
    cwd: fleet.repository.root,
    env: { ...fleet.environment, BB_OPERATOR: operator },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  fleet.transcript.push(`$ ${operator}: bb ${argv.join(' ')}`, all, `-> ${exitCode}`);
  return { operator, exitCode, all };
}

/** Who decided about a proposal, by the commits that say so: exactly one. */
async function deciderOf({ repository }: FleetUnderTest, id: ProposalId): Promise<string> {
  const format =
    '%(trailers:key=Bb-Proposal,valueonly,separator=) %(trailers:key=Bb-Operator,valueonly,separator=)';
  const log = await repository.git('log', `--format=${format}`);
  const commits = log.split('\n').filter((line) => line.startsWith(id));
  expect(commits).toHaveLength(1);
  return commits[0]?.slice(id.length + 1) ?? '';
}

/** What the agent was told, which has to be of the one decision. */
async function answerTo(fleet: FleetUnderTest, id: ProposalId): Promise<string> {
  const views = await fleet.json<readonly ProposalView[]>('proposals', '--all');
  return views.find(({ proposal }) => proposal.id === id)?.state ?? 'unknown';
}

describe('D9', () => {
  for (const controlled of [false, true]) {
    const how = controlled ? 'that ask a controller' : 'without a controller';
    scenario(
      `of processes ${how} exactly one must decide, and the others must be told who did`,
      simulated,
      async (fleet) => {
        await fleet.done('reconcile');
        if (controlled) await fleet.controller();
        for (const round of [1, 2]) {
          const id = await propose(fleet, round);
          const ends = await Promise.all([
            decides(fleet, 'ann', 'approve', id),
            decides(fleet, 'bo', 'approve', id),
            decides(fleet, 'cy', 'reject', id, '--reason', 'no'),
            decides(fleet, 'di', 'approve', id),
          ]);
          const decider = await deciderOf(fleet, id);
          const winners = ends.filter(({ exitCode }) => exitCode === 0);
          expect(winners.map(({ operator }) => operator)).toEqual([decider]);
          for (const { operator, all } of ends) {
            if (operator !== decider)
              expect(all).toMatch(new RegExp(`(approved|rejected) by ${decider} `));
          }
          expect(await answerTo(fleet, id)).toBe(decider === 'cy' ? 'rejected' : 'approved');
        }
      },
    );
  }

  for (const first of hasTmux ? (['key', 'script'] as const) : []) {
    const who = first === 'key' ? 'at the same instant' : 'a moment before';
    scenario(
      `of a key of the viewer and scripts ${who} exactly one must decide, and all must be told`,
      simulated,
      async (fleet) => {
        await fleet.done('reconcile');
        await fleet.controller();
        const id = await propose(fleet);
        const terminal = await viewer(fleet);
        terminal.press('Tab');
        await terminal.shows('▶ Proposals');
        terminal.press('a');
        await terminal.shows('approve? [y/N]');
        const scripts = [
          decides(fleet, 'ann', 'approve', id),
          decides(fleet, 'cy', 'reject', id, '--reason', 'no'),
        ];
        if (first === 'script') await Promise.race(scripts);
        terminal.press('y');
        const ends = await Promise.all(scripts);
        await terminal.shows(/approved: Allow|was (?:approved|rejected) by/);
        const decider = await deciderOf(fleet, id);
        const winners = ends.filter(({ exitCode }) => exitCode === 0);
        expect(winners.map(({ operator }) => operator)).toEqual(decider === 'vi' ? [] : [decider]);
        if (first === 'script') expect(decider).not.toBe('vi');
        const told = new RegExp(`(approved|rejected) by ${decider} `);
        if (decider !== 'vi') expect(terminal.screen()).toMatch(told);
        for (const { operator, all } of ends) if (operator !== decider) expect(all).toMatch(told);
        expect(await answerTo(fleet, id)).toBe(decider === 'cy' ? 'rejected' : 'approved');
      },
    );
  }

  // What the one that dies has done by then: nothing, all but the reference, the commit, all but the archive.
  const DEATHS = [
    ['before its commit', 'git update-ref', 0],
    ['between its commit and the table', 'git update-ref', 2],
    ['before it answers', 'link 01J00000000000000000000001.response', 0],
    ['when it has answered', 'link 01J00000000000000000000001.response', 1],
  ] as const;
  for (const [when, step, later] of DEATHS) {
    scenario(
      `when one of two that approve is killed ${when}, the other must find or finish it`,
      simulated,
      async (fleet) => {
        await fleet.done('reconcile');
        const rehearsal = await propose(fleet, 1);
        const { steps } = await (await mortalProcess(fleet, null, 'approve', rehearsal)).ended;
        const at = steps.findIndex((name) => name.includes(step));
        expect(at, steps.join('\n')).not.toBe(-1);
        const id = await propose(fleet, 2);
        const dying = await mortalProcess(fleet, at + 1 + later, 'approve', id);
        await eventually('the first one is in the middle of it', () => hasLocked(fleet));
        const other = await decides(fleet, 'bo', 'approve', id);
        const { died } = await dying.ended;
        await fleet.done('reconcile');
        const decider = await deciderOf(fleet, id);
        expect(await answerTo(fleet, id)).toBe('approved');
        if (decider === 'bo') expect(other.exitCode).toBe(0);
        else expect(other.all).toMatch(/approved(?: before,)? by olga@example\.test/);
        expect(died).toBe(true);
      },
    );
  }
});

function hasLocked({ folder }: FleetUnderTest): Promise<boolean> {
  return readFile(join(folder, 'steps.log'), 'utf8').then(
    (steps) => steps.includes('link controller.lock'),
    () => false,
  );
}

async function viewer(fleet: FleetUnderTest): Promise<Terminal> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-once-'));
  const terminal = new Terminal(folder, 'viewer', {
    ...fleet.environment,
    BB_OPERATOR: 'vi',
    PS1: '$ ',
  });
  onTestFinished(async () => {
    terminal[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  });
  const program = [await builtProgram(), ...fleet.globals, 'ui'].join(' ');
  terminal.resize(160, 30);
  terminal.type(`cd ${fleet.repository.root}; exec ${program}`);
  terminal.press('Enter');
  await terminal.shows('Agents (1)');
  return terminal;
}
