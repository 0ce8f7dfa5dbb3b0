import { expect, test } from 'vitest';
import {
  agentFile,
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
} from '../builders/controller.ts';
import { Life } from '../fakes/life.ts';

const NO_PROGRESS = () => undefined;
const ONE_BOTTLE = { ...FLEET_FILES, 'desired-state/agents/qa.yaml': agentFile() };
const PROMPT = { 'desired-state/agents/dev.yaml': `${agentFile('dev')}prompt: {text: another}\n` };
const ROUTE = { 'desired-state/routes/dev.yaml': 'routes:\n  - host: api.example.test\n' };
const GONE = { 'desired-state/agents/dev.yaml': agentFile() };

const CASES = [
  { what: 'the creation of a bottle', commit: null, objects: 4 },
  { what: 'a change of its routes', commit: ROUTE, objects: 4 },
  { what: 'the replacement of its agent', commit: PROMPT, objects: 4 },
  { what: 'its removal', commit: GONE, objects: 0 },
];

test.for(CASES)(
  'a process that dies anywhere in $what is followed by one that finishes it',
  {
    timeout: 120_000,
  },
  async ({ commit, objects }) => {
    for (let call = 1; ; call += 1) {
      for (const when of ['before', 'after'] as const) {
        await using fleet = await fleetWorld(ONE_BOTTLE);
        if (commit !== null) {
          granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
          await fleet.repository.commit(commit);
        }
        const life = new Life({ call, when });
        const dying = await fleet.open(life);
        const ended = await Promise.race([
          dying.api.reconcile({}, NO_PROGRESS).then(() => 'finished' as const),
          life.ended.then(() => 'died' as const),
        ]);
        const next = await fleet.open();
        const report = granted(await next.api.reconcile({}, NO_PROGRESS));
        const at = `${when} ${life.calls.at(-1)} (${call})`;
        expect(report, at).toMatchObject({ converged: true, failures: [] });
        expect(ours(fleet), at).toHaveLength(objects);
        expect(granted(await next.api.plan({})).plan.actions, at).toEqual([]);
        expect(await next.journal.inventory(), at).toEqual(objects === 0 ? [] : ['dev']);
        expect([...fleet.sidecars.keys()], at).toEqual(objects === 0 ? [] : ['dev']);
        if (ended === 'finished') return;
      }
    }
  },
);

/** Containers and networks of the engine. */
function ours(fleet: FleetWorld): readonly string[] {
  return [...fleet.engine.objects()].flatMap(({ kind, name }) =>
    kind === 'container' || kind === 'network' ? [name] : [],
  );
}
