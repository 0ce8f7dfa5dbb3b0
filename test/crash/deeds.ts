import { mkdir } from 'node:fs/promises';
import type { ProposalId } from '../../src/model/names.ts';
import { bottleLayout } from '../../src/model/state-layout.ts';
import { diskQueueFiles } from '../../src/supervise/disk-queue-files.ts';
import { formatQueueFile } from '../../src/supervise/proposal-file.ts';
import { proposal, proposalId } from '../builders/proposal.ts';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';
import { stateDirectoryOf } from './aftermath.ts';
import type { Ended, MortalProcess } from './mortal-process.ts';

/** Something that a process does and may die of. */
export interface Deed {
  readonly what: string;
  /** Brings the world to the moment before it. */
  prepare(fleet: FleetUnderTest): Promise<void>;
  /** argv of the process that may die. */
  readonly argv: readonly string[];
  /** What happens while that process lives; resolves when it ended. */
  play(fleet: FleetUnderTest, process: MortalProcess): Promise<Ended>;
  /** What a person or the next process does afterwards; everything is over when it resolves. */
  finish(fleet: FleetUnderTest): Promise<void>;
}

const AGENT = 'desired-state/agents/dev.yaml';
const RUNNING: Pick<Deed, 'argv' | 'play' | 'finish'> = {
  argv: ['reconcile'],
  play: (_fleet, process) => process.ended,
  async finish(fleet) {
    await fleet.done('reconcile');
  },
};

function change(what: string, files: { readonly [path: string]: string }): Deed {
  return {
    what,
    ...RUNNING,
    async prepare(fleet) {
      await fleet.done('reconcile');
      await fleet.repository.commit(files);
    },
  };
}

/** A controller is told of a decision while it may die; who decides again afterwards is told the truth. */
function decision(what: string, argv: readonly string[]): Deed {
  const [verb = ''] = argv;
  return {
    what,
    argv: ['controller'],
    async prepare(fleet) {
      await fleet.done('reconcile');
      await propose(fleet);
    },
    async play(fleet, process) {
      if (await process.says('following ')) await fleet.bb(...argv);
      return process.end();
    },
    async finish(fleet) {
      await fleet.done('reconcile');
      const again = await fleet.bb(...argv);
      const isDecided =
        again.exitCode === 0 || again.all.includes(`was ${verb.replace(/e?$/, 'ed')}`);
      if (!isDecided) throw new Error(`neither decided nor decidable:\n${again.all}`);
      await fleet.done('reconcile');
    },
  };
}

/** A proposal of `dev` in the queue, as its supervise sidecar leaves it there. */
export async function propose(fleet: FleetUnderTest, number = 1): Promise<ProposalId> {
  const id = proposalId(number);
  const asked = proposal({ id, createdAt: new Date().toISOString() });
  const { queue } = bottleLayout(stateDirectoryOf(fleet), asked.bottle);
  await mkdir(queue, { recursive: true });
  await diskQueueFiles.publish(`${queue}/${asked.id}.proposal.json`, formatQueueFile(asked));
  return id;
}

/** Deeds of a fleet of one bottle, `dev`. */
export const DEEDS: readonly Deed[] = [
  { what: 'the creation of a bottle', ...RUNNING, prepare: async () => undefined },
  change('a change of its routes', {
    'desired-state/routes/api.yaml': 'routes:\n  - host: other.example.test\n',
  }),
  change('the replacement of its agent', {
    [AGENT]: 'provider: {command: [bash]}\nprompt: {text: another}\ninstances: [{name: dev}]\n',
  }),
  change('its removal', { [AGENT]: 'provider: {command: [bash]}\ninstances: []\n' }),
  decision('an approval by the controller', ['approve', proposalId()]),
  decision('a rejection by the controller', ['reject', proposalId(), '--reason', 'not today']),
];
