import { describe, expect, onTestFinished, test } from 'vitest';
import type { ApproveRequest } from '../../src/controller/api.ts';
import { formatDiagnostic } from '../../src/model/diagnostic.ts';
import {
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
  type TestController,
} from '../builders/controller.ts';

const NO_PROGRESS = () => undefined;
const HOUR = 3_600_000;
const ROUTES = 'desired-state/routes/dev.yaml';

/** A fleet that is in force, and a proposal of `dev`. */
async function waiting(files: { readonly [path: string]: string } = {}) {
  const fleet = await fleetWorld({ ...FLEET_FILES, ...files });
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  const id = await fleet.propose();
  const expires = new Date(fleet.clock.nowMs() + 8 * HOUR).toISOString().replace('.000Z', 'Z');
  return { fleet, controller, id, expires };
}

const approve = ({ api }: TestController, id: string, more: Partial<ApproveRequest> = {}) =>
  api.approve({ id, operator: 'olga', ...more }, NO_PROGRESS);

const subjects = async (fleet: FleetWorld) =>
  (await fleet.repository.git('log', '--format=%s')).split('\n');

const isAllowed = (fleet: FleetWorld, host = 'api.example.test') =>
  (fleet.sidecars.get('dev') ?? '').includes(host);

test('N2 an approval with an end is shown, committed and in force with it', async () => {
  const { fleet, controller, id, expires } = await waiting();
  const review = granted(await controller.api.review(id, { expires }));
  expect(review.effective).toEqual([`dev: GET api.example.test /v1/* until ${expires}`]);
  granted(await approve(controller, id, { expires, seen: review.seen }));
  expect(await fleet.repository.git('show', `HEAD:${ROUTES}`)).toContain(`expires: ${expires}`);
  expect(isAllowed(fleet)).toBe(true);
});

test('N2 its end is committed once, by whoever looks first, and takes it out of force', async () => {
  const { fleet, controller, id, expires } = await waiting();
  granted(await approve(controller, id, { expires }));
  await fleet.clock.advance(8 * HOUR - 1_000);
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect(await subjects(fleet)).toHaveLength(2);
  expect(isAllowed(fleet)).toBe(true);

  await fleet.clock.advance(1_000);
  const others = [await fleet.open(), await fleet.open()];
  await Promise.all(others.map(({ api }) => api.reconcile({}, NO_PROGRESS)));
  expect((await subjects(fleet))[0]).toBe('End api.example.test for dev');
  expect(await subjects(fleet)).toHaveLength(3);
  expect(isAllowed(fleet)).toBe(false);
  const trailers = await fleet.repository.git('log', '-1', '--format=%(trailers)');
  expect(trailers.trim()).toBe('Bb-Action: expire\nBb-Bottle: dev\nBb-Operator: bb');
  expect(await fleet.repository.git('show', `HEAD:${ROUTES}`)).toMatch(/^routes: \[\]$/m);
});

test('N2 the loop wakes at the end by itself, also when it began after a restart', async () => {
  const { fleet, controller, id, expires } = await waiting();
  granted(await approve(controller, id, { expires }));
  const ended = new AbortController();
  const loop = (await fleet.open()).watch(ended.signal);
  onTestFinished(async () => {
    ended.abort();
    await loop;
  });
  await expect.poll(() => fleet.clock.sleeping).toBe(1);
  await fleet.clock.advance(8 * HOUR - 5_000);
  expect(await subjects(fleet)).toHaveLength(2);
  await fleet.clock.advance(5_000);
  await expect.poll(async () => (await subjects(fleet))[0]).toContain('End');
  await expect.poll(() => isAllowed(fleet)).toBe(false);
  expect(await subjects(fleet)).toHaveLength(3);
});

test('a grant that was written by hand ends too, and what stands beside it stays as it was', async () => {
  const { fleet, controller } = await waiting({
    'desired-state/bottles/base.yaml': 'allowlists: [pages]\n',
    'desired-state/allowlists/pages.yaml':
      '# pages\nhosts:\n  - a.example.test # stays\n  - {host: b.example.test, expires: 2026-01-01T01:00:00Z}\n  - c.example.test\n',
  });
  await fleet.clock.advance(HOUR);
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect(await fleet.repository.git('show', 'HEAD:desired-state/allowlists/pages.yaml')).toBe(
    '# pages\nhosts:\n  - a.example.test # stays\n  - c.example.test',
  );
  expect(await fleet.repository.git('log', '-1', '--format=%B')).toContain(
    'End b.example.test in allowlists/pages.yaml',
  );
});

test('an end is refused where it would cut what has none, in the same file or another', async () => {
  const { fleet, controller, id, expires } = await waiting({
    'desired-state/bottles/base.yaml': 'routes: [shared]\n',
    'desired-state/routes/shared.yaml': 'routes:\n  - {host: git.example.test, paths: [/read/]}\n',
  });
  granted(await approve(controller, id));
  const again = await fleet.propose('api.example.test');
  expect(refusalOf(await approve(controller, again, { expires })).message).toContain(
    'api.example.test is listed in it without an end',
  );
  const shared = await fleet.propose('git.example.test');
  expect(refusalOf(await approve(controller, shared, { expires })).message).toContain(
    'dev reaches git.example.test without an end by routes/shared.yaml:2',
  );
  const head = await fleet.repository.head();
  granted(await approve(controller, shared));
  expect(await fleet.repository.head()).not.toBe(head);
});

test('what is added to a grant with an end gets that end, which the review tells', async () => {
  const { fleet, controller, id, expires } = await waiting();
  granted(await approve(controller, id, { expires }));
  const more = await fleet.propose('api.example.test', {
    request: {
      tool: 'egress-block',
      host: 'api.example.test',
      pathAllowlist: ['/v2/'],
      methods: ['GET'],
      auth: null,
    },
  });
  expect(granted(await controller.api.review(more)).effective).toEqual([
    `dev: GET api.example.test /v2/* until ${expires}`,
  ]);
  const later = new Date(Date.parse(expires) + HOUR).toISOString();
  expect(refusalOf(await approve(controller, more, { expires: later })).kind).toBe('conflict');
  granted(await approve(controller, more, { expires }));
});

test.each(['tomorrow', '2025-12-31T00:00:00Z', '2026-02-31T00:00:00Z'])(
  'an end of %s is bad usage and commits nothing',
  async (expires) => {
    const { fleet, controller, id } = await waiting();
    const head = await fleet.repository.head();
    expect(refusalOf(await approve(controller, id, { expires })).kind).toBe('bad-request');
    expect(await fleet.repository.head()).toBe(head);
  },
);

test('a grant that cannot be removed is told once, and the loop goes on', async () => {
  const { fleet, controller } = await waiting({
    [ROUTES]:
      'routes:\n  - {host: a.test, paths: &p [/v1/], expires: 2026-01-01T01:00:00Z}\n  - {host: b.test, paths: *p}\n',
  });
  const head = await fleet.repository.head();
  await fleet.clock.advance(HOUR);
  for (let look = 0; look < 3; look += 1) {
    granted(await controller.api.reconcile({}, NO_PROGRESS));
  }
  expect(await fleet.repository.head()).toBe(head);
  expect(isAllowed(fleet, 'a.test')).toBe(false);
  const events = granted(await controller.api.events({ limit: 50 }));
  expect(events.filter(({ reason }) => reason === 'ExpiryNotCommitted')).toHaveLength(1);
});

const ALLOWED = { 'desired-state/allowlists/dev.yaml': 'hosts:\n  - "*.example.test"\n' };
const ENDS = (expires: string) =>
  `routes:\n  - {host: api.example.test, paths: [/v1/], expires: "${expires}"}\n  - {host: o.test, expires: "${expires}"}\n`;

test('N2 a host that an allowlist would open stays closed when its route ends, and the line is told', async () => {
  const { fleet, controller, expires } = await waiting(ALLOWED);
  await fleet.repository.commit({ [ROUTES]: ENDS(expires) });
  const { diagnostics } = granted(await controller.api.plan({}));
  expect(diagnostics.map(formatDiagnostic)).toEqual([
    expect.stringMatching(
      /^routes\/dev\.yaml:2:1 warning: the route of "api\.example\.test" ends .* stays closed \(see allowlists\/dev\.yaml:2: /,
    ),
  ]);
  await fleet.clock.advance(8 * HOUR);
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect((await subjects(fleet))[0]).toBe('End o.test for dev');
  const head = await fleet.repository.head();
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect(await fleet.repository.head()).toBe(head);
  expect(JSON.parse(fleet.sidecars.get('dev') ?? '').egress.routes).toMatchObject([
    { host: 'api.example.test', expires },
  ]);
  const events = granted(await controller.api.events({ limit: 20 }));
  expect(events.find(({ reason }) => reason === 'ExpiryNotCommitted')?.message).toContain(
    'allowlists/dev.yaml:2 would open api.example.test',
  );
  await fleet.repository.commit({ 'desired-state/allowlists/dev.yaml': null });
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect((await subjects(fleet))[0]).toBe('End api.example.test for dev');
});

test('N2 nothing is approved that would be open only because something else ends; with the same end it is', async () => {
  const { fleet, controller, id, expires } = await waiting(ALLOWED);
  const head = await fleet.repository.head();
  const refusal = refusalOf(await approve(controller, id, { expires }));
  expect(refusal).toMatchObject({ kind: 'conflict' });
  expect(refusal.message).toMatch(/^routes\/dev\.yaml:\d+:1 .* \(see allowlists\/dev\.yaml:2: /);
  expect(await fleet.repository.head()).toBe(head);
  granted(await approve(controller, id));

  await fleet.repository.commit({
    [ROUTES]: ENDS(expires),
    'desired-state/allowlists/dev.yaml': null,
  });
  const host = 'api.example.test';
  const request = { tool: 'pipelock-block', failedUrl: `https://${host}/x`, host } as const;
  const other = await fleet.propose('', { request });
  expect(refusalOf(await approve(controller, other)).kind).toBe('conflict');
  granted(await approve(controller, other, { expires }));
});

test('N2 a route of a shared set is what stays when the own one ends, and closes the host as before', async () => {
  const { fleet, controller, expires } = await waiting({
    ...ALLOWED,
    'desired-state/bottles/base.yaml': 'routes: [shared]\n',
    'desired-state/routes/shared.yaml': 'routes:\n  - {host: api.example.test, paths: [/read/]}\n',
  });
  const own = `routes:\n  - {host: api.example.test, paths: [/v1/], expires: "${expires}"}\n`;
  await fleet.repository.commit({ [ROUTES]: own });
  expect(granted(await controller.api.plan({})).diagnostics).toEqual([]);
  await fleet.clock.advance(8 * HOUR);
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect((await subjects(fleet))[0]).toBe('End api.example.test for dev');
  expect(JSON.parse(fleet.sidecars.get('dev') ?? '').egress.routes).toMatchObject([
    { host: 'api.example.test', matches: [{ paths: [{ value: '/read/' }] }], expires: null },
  ]);
});

describe('a grant that ends before its agent was told', () => {
  const committed = async (
    { fleet, id, expires }: Awaited<ReturnType<typeof waiting>>,
    more: { readonly [path: string]: string } = {},
    action = 'Bb-Action: approve',
  ) => {
    const route = `routes:\n  - {host: api.example.test, paths: [/v1/], expires: "${expires}"}\n`;
    const message = `Allow it\n\n${action}\nBb-Proposal: ${id}\nBb-Operator: otto`;
    await fleet.repository.commit({ [ROUTES]: route, ...more }, message);
  };
  const answer = async (fleet: FleetWorld, id: string) =>
    (await fleet.proposals().read(id))?.response;

  const INSTEAD = `Bb-Action: modify\nBb-Instead: ${JSON.stringify({ host: 'api.example.test', path_allowlist: ['/v1/'] })}`;

  test.each([
    ['and is taken out of the files', {}, undefined],
    ['and stays to close its host', ALLOWED, undefined],
    ['also what was approved instead', ALLOWED, INSTEAD],
    [
      'while the fleet is suspended',
      { 'desired-state/fleet.yaml': 'name: home\nsuspend: true\n' },
      undefined,
    ],
  ])('is told as one that ended, %s', async (_title, files, action) => {
    const world = await waiting();
    await committed(world, files, action);
    await world.fleet.clock.advance(8 * HOUR);
    const next = await world.fleet.open();
    await next.api.reconcile({}, NO_PROGRESS);
    await next.api.reconcile({}, NO_PROGRESS);
    expect(await answer(world.fleet, world.id)).toMatchObject({
      state: 'expired',
      notes: expect.stringMatching(
        new RegExp(
          `^api\\.example\\.test was allowed in \\w+ until ${world.expires}, which has passed$`,
        ),
      ),
    });
  });

  test('is told as approved a second before', async () => {
    const world = await waiting();
    await committed(world);
    await world.fleet.clock.advance(8 * HOUR - 1_000);
    granted(await (await world.fleet.open()).api.reconcile({}, NO_PROGRESS));
    expect(await answer(world.fleet, world.id)).toMatchObject({ state: 'approved' });
  });
});
