import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { runSimulated } from '../../src/controller/adapters/simulated-programs.ts';
import type { CopiedFile } from '../../src/model/component.ts';
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
const ROUTE = { 'desired-state/routes/dev.yaml': 'routes:\n  - host: api.example.test\n' };
const GONE = { 'desired-state/agents/dev.yaml': agentFile() };

const CASES = [
  { what: 'the creation of a bottle', commit: null, objects: 4 },
  { what: 'a change of its routes', commit: ROUTE, objects: 4 },
  { what: 'its removal', commit: GONE, objects: 0 },
];

test.for(CASES)(
  'a process that dies anywhere in $what is followed by one that finishes it',
  {
    timeout: 120_000,
  },
  async ({ commit, objects }) => {
    for (const death of deaths()) {
      await using fleet = await fleetWorld(ONE_BOTTLE);
      if (commit !== null) {
        granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
        await fleet.repository.commit(commit);
      }
      const { hasDied } = await diesAndIsFollowed(fleet, death, objects);
      if (!hasDied) return;
    }
  },
);

const AGENT =
  'provider: {command: [bash], resume: [bash], session: .agent/*.log}\nbottles: [base]\n';
const ONE = 'instances: [{name: dev}]\n';

test('a process that dies anywhere in the replacement of its agent is followed by one that finishes it, and no session is lost', {
  timeout: 120_000,
}, async () => {
  const archive = pack();
  archive.entry({ name: '.agent/1.log' }, 'said before');
  archive.finalize();
  const content = await buffer(archive);
  for (const death of deaths()) {
    const file = 'desired-state/agents/dev.yaml';
    await using fleet = await fleetWorld({ ...ONE_BOTTLE, [file]: AGENT + ONE });
    granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
    const inside = () => fleet.engine.files.get('bb-home-dev');
    const kept: CopiedFile = { path: 'sessions.tar', content, mode: 0o600, uid: 1, gid: 1 };
    inside()?.set('/home/agent/.bb/sessions.tar', kept);
    fleet.programs = (ref, request) => ({ ...runSimulated(ref, request), exitCode: 0 });
    const first = fleet.engine.container('bb-home-dev')?.id;
    await fleet.repository.commit({ [file]: `${AGENT}prompt: {text: another}\n${ONE}` });
    const { hasDied, at } = await diesAndIsFollowed(fleet, death, 4);
    expect(fleet.engine.container('bb-home-dev')?.id, at).not.toBe(first);
    const said = inside()?.get('/home/agent/.agent/1.log')?.content;
    expect(said, at).toEqual(Buffer.from('said before'));
    if (!hasDied) return;
  }
});

type Death = NonNullable<ConstructorParameters<typeof Life>[0]>;

/** Before and after every call that changes something, without an end. */
function* deaths(): Generator<Death> {
  for (let call = 1; ; call += 1)
    for (const when of ['before', 'after'] as const) yield { call, when };
}

/** One process that dies there, when it comes so far, and one that has to leave everything as it is wanted. */
async function diesAndIsFollowed(fleet: FleetWorld, death: Death, objects: number) {
  const life = new Life(death);
  const dying = await fleet.open(life);
  const hasDied = await Promise.race([
    dying.api.reconcile({}, NO_PROGRESS).then(() => false),
    life.ended.then(() => true),
  ]);
  const next = await fleet.open();
  const report = granted(await next.api.reconcile({}, NO_PROGRESS));
  const at = `${death.when} ${life.calls.at(-1)} (${death.call})`;
  expect(report, at).toMatchObject({ converged: true, failures: [] });
  expect(ours(fleet), at).toHaveLength(objects);
  expect(granted(await next.api.plan({})).plan.actions, at).toEqual([]);
  expect(await next.journal.inventory(), at).toEqual(objects === 0 ? [] : ['dev']);
  expect([...fleet.sidecars.keys()], at).toEqual(objects === 0 ? [] : ['dev']);
  return { hasDied, at };
}

/** Containers and networks of the engine. */
function ours(fleet: FleetWorld): readonly string[] {
  return [...fleet.engine.objects()].flatMap(({ kind, name }) =>
    kind === 'container' || kind === 'network' ? [name] : [],
  );
}
