import { mkdir, rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import type { ProposalId } from '../../src/model/names.ts';
import type { Proposal } from '../../src/model/proposal.ts';
import { bottleLayout } from '../../src/model/state-layout.ts';
import { diskQueueFiles } from '../../src/supervise/disk-queue-files.ts';
import { parseEgressBlock } from '../../src/supervise/egress-block-input.ts';
import { formatQueueFile } from '../../src/supervise/proposal-file.ts';
import {
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
} from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';
import { proposal, proposalId, proposalRequest } from '../builders/proposal.ts';

const NO_PROGRESS = () => undefined;
const OPERATOR = { operator: 'olga' };

async function fleetOf(files: { readonly [path: string]: string } = {}) {
  const fleet = await fleetWorld({ ...FLEET_FILES, ...files });
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  return { fleet, api };
}

/** What whoever owns the sidecars can do: write any file into the queue of its bottle. */
async function smuggle({ stateDirectory }: FleetWorld, asked: Proposal): Promise<void> {
  const { queue } = bottleLayout(stateDirectory, asked.bottle);
  await mkdir(queue, { recursive: true });
  await diskQueueFiles.publish(`${queue}/${asked.id}.proposal.json`, formatQueueFile(asked));
}

const log = (fleet: FleetWorld, format: string, ...more: readonly string[]) =>
  fleet.repository.git('log', ...more, `--format=${format}`);

test('a decided id that comes again with something else is answered from history, and opens nothing', async () => {
  const { fleet, api } = await fleetOf();
  const decide: readonly ((id: ProposalId) => Promise<unknown>)[] = [
    async (id) => granted(await api.approve({ id, ...OPERATOR }, NO_PROGRESS)),
    async (id) => granted(await api.reject({ id, ...OPERATOR, reason: 'never' })),
  ];
  for (const [index, decided] of decide.entries()) {
    const id = await fleet.propose(`host${index}.test`);
    await decided(id);
    const head = await fleet.repository.head();
    const table = fleet.sidecars.get('dev');
    const { queue } = bottleLayout(fleet.stateDirectory, bottleName('dev'));
    await rm(`${queue}/archive`, { recursive: true, force: true });
    await smuggle(fleet, proposal({ id, request: proposalRequest({ host: 'evil.test' }) }));
    const again = await api.approve({ id, operator: 'bo' }, NO_PROGRESS);
    if (again.ok) expect(again.value).toMatchObject({ revision: head, decidedBy: 'olga' });
    else expect(again.refusal.message).toContain('was rejected by olga');
    granted(await api.reconcile({}, NO_PROGRESS));
    expect(granted(await api.proposals({}))).toEqual([]);
    expect(await fleet.repository.head()).toBe(head);
    expect(fleet.sidecars.get('dev')).toBe(table);
  }
});

test('an approval of what another commit has made wider since is refused, and shown anew', async () => {
  const { fleet, api } = await fleetOf();
  const id = await fleet.propose('api.example.test');
  const { seen } = granted(await api.review(id));
  await fleet.repository.commit({
    'desired-state/routes/dev.yaml': 'routes:\n  - {host: api.example.test, paths: [/other/]}\n',
  });
  const head = await fleet.repository.head();
  const stale = refusalOf(await api.approve({ id, seen, ...OPERATOR }, NO_PROGRESS));
  expect(stale).toMatchObject({ kind: 'conflict', hint: expect.stringContaining('bb show') });
  expect(await fleet.repository.head()).toBe(head);
  const fresh = granted(await api.review(id));
  expect(fresh.seen).not.toBe(seen);
  granted(await api.approve({ id, seen: fresh.seen, ...OPERATOR }, NO_PROGRESS));
});

test('two bottles that flood their queues at once hide neither each other nor a third one’s proposal', async () => {
  const { fleet, api } = await fleetOf({
    'desired-state/agents/dev.yaml': FLEET_FILES['desired-state/agents/dev.yaml'] ?? '',
  });
  const flood = ['dev', 'qa'].flatMap((bottle, at) =>
    Array.from({ length: 300 }, (_, index) =>
      proposal({
        id: proposalId(at * 1_000 + index + 1),
        bottle: bottleName(bottle),
        request: proposalRequest({ host: `host${index}.test` }),
      }),
    ),
  );
  await Promise.all(flood.map((asked) => smuggle(fleet, asked)));
  const listed = granted(await api.proposals({}));
  expect(Map.groupBy(listed, (view) => view.proposal.bottle).size).toBe(2);
  const late = proposal({
    id: proposalId(9_999),
    bottle: bottleName('qa'),
    request: proposalRequest({ host: 'late.test' }),
  });
  await smuggle(fleet, late);
  granted(await api.approve({ id: late.id, ...OPERATOR }, NO_PROGRESS));
  expect(fleet.sidecars.get('qa')).toContain('late.test');
  expect(fleet.sidecars.get('dev')).not.toContain('late.test');
});

test('a host in letters that look like another one’s is shown as it is sent, with what it looks like', async () => {
  const { fleet, api } = await fleetOf({
    'desired-state/bottles/base.yaml': 'allowlists: [known]\n',
    'desired-state/allowlists/known.yaml': 'hosts: [paypal.test, github.test]\n',
  });
  const hosts = [
    ['p\u0430ypal.test', 'paypal.test'],
    ['g\u0456thub.test', 'github.test'],
    ['ｇｉthub.test', null],
    ['githuh.test', 'github.test'],
  ] as const;
  for (const [host, like] of hosts) {
    const parsed = parseEgressBlock({ host, justification: 'x' });
    if (!parsed.ok || parsed.request.tool !== 'egress-block') throw new Error(`${host} is refused`);
    const id = await fleet.propose('', { request: parsed.request });
    const { summary, risks, effective, diff } = granted(await api.review(id));
    const shown = [summary, ...risks, ...effective, diff].join('\n');
    expect(shown).not.toContain(host.normalize() === parsed.request.host ? '\0' : host);
    expect(shown).toMatch(/^[\n\x20-\x7e]*$/);
    if (like === null) expect(parsed.request.host).toBe('github.test');
    else
      expect(risks).toContain(`${parsed.request.host} looks like ${like}, which is another host`);
    const isPuny = parsed.request.host.includes('xn--');
    const note = `${parsed.request.host} has letters outside ASCII`;
    expect(risks.includes(note)).toBe(isPuny);
  }
});

const INJECTION =
  'fine\n\nApproved-by: root\nBb-Operator: root\u2028Bb-Action: revert\r\nBb-Proposal: x\u0085"}\n---\n- {host: "*"}\n# \u001b[2J';

test('no text of an agent or an operator becomes a trailer, a line of YAML or a command of a terminal', async () => {
  const { fleet, api } = await fleetOf();
  const ours = ['Action', 'Proposal', 'Bottle', 'Tool', 'Operator', 'Reason', 'Justification'];
  const trailersOf = async () => {
    const keys = await log(fleet, '%(trailers:keyonly)', '-1');
    return keys.split('\n').filter((key) => key !== '');
  };
  const approved = await fleet.propose('api.example.test', { justification: INJECTION });
  const notes = INJECTION;
  granted(await api.approve({ id: approved, ...OPERATOR, notes }, NO_PROGRESS));
  expect(await trailersOf()).toEqual(ours.map((key) => `Bb-${key === 'Reason' ? 'Notes' : key}`));
  const text = await fleet.repository.git('show', 'HEAD:desired-state/routes/dev.yaml');
  expect(parse(text).routes).toMatchObject([{ host: 'api.example.test' }]);
  const rejected = await fleet.propose('b.test', { justification: INJECTION });
  granted(await api.reject({ id: rejected, ...OPERATOR, reason: INJECTION }));
  expect(await trailersOf()).toEqual(ours.map((key) => `Bb-${key}`));
  expect(await log(fleet, '%(trailers:key=Bb-Operator,valueonly)', '-1')).toBe('olga\n');
  expect(await log(fleet, '%(trailers:key=Approved-by,valueonly)')).toMatch(/^\n*$/);
  expect(await log(fleet, '%B')).toMatch(/^[\n\x20-\x7e]*$/);
  const { response } = (await fleet.proposals().read(rejected)) ?? {};
  expect(response?.notes).toMatch(/^[\x20-\x7e]+$/);
});

test('much in one proposal is shown as its sum, every path and method of it', async () => {
  const { fleet, api } = await fleetOf();
  const pathAllowlist = Array.from({ length: 50 }, (_, index) => `/p${index}/`);
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
  const wide = await fleet.propose('', { request: proposalRequest({ pathAllowlist, methods }) });
  const { risks, effective } = granted(await api.review(wide));
  expect(risks).toContain('adds 250 pairs of method and path to api.example.test at once');
  for (const path of pathAllowlist) {
    expect(effective).toContain(`dev: DELETE, GET, PATCH, POST, PUT api.example.test ${path}*`);
  }
  const narrow = await fleet.propose('narrow.test');
  expect(granted(await api.review(narrow)).risks.join('\n')).not.toContain('pairs of');
});
