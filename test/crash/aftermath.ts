import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProposalView } from '../../src/controller/api.ts';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';

/** What is left when everything is over: nothing in it may tell whether a process died on the way. */
export interface Aftermath {
  /** Exit code of `bb plan --detailed-exitcode`: 0 = nothing is left to do. */
  readonly plan: number | undefined;
  readonly ready: readonly string[];
  /** Every path below the state directory; an empty quarantine is nothing. */
  readonly files: readonly string[];
  /** Subject and trailers of every commit, newest first. */
  readonly history: readonly string[];
  /** What git says of the working tree and its index. */
  readonly workingTree: string;
  /** Locks of git, and marks; its temporary packs it removes by itself. */
  readonly gitLeftovers: readonly string[];
  /** Bottles of each line in the note of the tip. A second turn, which proves anew, is none the less told. */
  readonly notes: readonly string[];
  readonly proposals: readonly string[];
  /** What the engine has of the fleet, by name. */
  readonly objects: readonly string[];
}

export async function aftermathOf(fleet: FleetUnderTest): Promise<Aftermath> {
  const { git, root } = fleet.repository;
  const { bottles } = await fleet.status();
  const proposals = await fleet.json<readonly ProposalView[]>('proposals', '--all');
  const history = await git('log', '--format=%s | %(trailers:unfold,separator=%x20| )%x00');
  const note = await git('notes', '--ref=bb', 'show', 'HEAD').catch(() => '');
  const paths = await readdir(stateDirectoryOf(fleet), { recursive: true });
  const inGit = await readdir(join(root, '.git'), { recursive: true });
  return {
    plan: (await fleet.bb('plan', '--detailed-exitcode')).exitCode,
    ready: bottles.map(({ name, conditions }) => {
      const stated = conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
      return `${name}: ${stated.join(', ')}`;
    }),
    files: paths.filter((path) => !path.endsWith('/quarantine')).sort(),
    history: history.split('\0').map((line) => line.trim()),
    workingTree: await git('status', '--porcelain'),
    gitLeftovers: inGit.filter((path) => /\.lock$|refs\/bb/.test(path)),
    notes: note
      .split('\n')
      .filter((line) => line !== '')
      .map(bottlesOfNote),
    proposals: proposals.map(({ proposal, state }) => `${proposal.id} ${state}`),
    objects: Object.keys(await fleet.engine.ids()).sort(),
  };
}

export function stateDirectoryOf(fleet: FleetUnderTest): string {
  return join(fleet.folder, 'state/bb', fleet.name);
}

function bottlesOfNote(line: string): string {
  const { applied } = JSON.parse(line) as {
    readonly applied: readonly { bottle: string; result: string }[];
  };
  return [...new Set(applied.map(({ bottle, result }) => `${bottle} ${result}`))].join(', ');
}
