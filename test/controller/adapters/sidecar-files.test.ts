import { execFileSync } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { lstat, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createSidecarFiles } from '../../../src/controller/adapters/sidecar-files.ts';
import type { SidecarInputs } from '../../../src/controller/ports/sidecar-files.ts';
import { fingerprint } from '../../../src/model/fingerprint.ts';
import { type BottleName, parseBottleName } from '../../../src/model/names.ts';
import type { EgressStatus } from '../../../src/model/sidecar.ts';
import { bottleLayout } from '../../../src/model/state-layout.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';

const DEV = name('dev');
const isRoot = process.getuid?.() === 0;
const sidecarUser = isRoot
  ? { uid: 4711, gid: 4712 }
  : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

test('every mounted folder is for its reader alone, and nothing above a mount is for others', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  await files.prepare(DEV);
  await files.prepare(DEV);
  const { root, trust, queue, egressState } = bottleLayout(state.path, DEV);
  for (const path of [egressState, queue]) {
    const { uid, gid, mode } = await lstat(path);
    expect({ uid, gid, mode: mode & 0o777 }).toEqual({ ...sidecarUser, mode: 0o700 });
  }
  expect((await lstat(trust)).mode & 0o777).toBe(0o755);
  expect((await lstat(root)).mode & 0o777).toBe(0o700);
  expect(await files.list()).toEqual([DEV]);
});

test('a render is one whole generation behind one link, with secrets for the sidecar only', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  await files.prepare(DEV);
  await files.render(DEV, inputs('one'));
  const { egressIn } = bottleLayout(state.path, DEV);
  expect(await readlink(join(egressIn, 'current'))).toBe('gen-1');
  const stats = await lstat(join(egressIn, 'current/secrets.json'));
  expect({ uid: stats.uid, mode: stats.mode & 0o777 }).toEqual({
    uid: sidecarUser.uid,
    mode: 0o600,
  });
  expect(await readJson(join(egressIn, 'current/table.json'))).toMatchObject({
    generation: 1,
    hash: fingerprint('one'),
  });
});

test('an equal hash writes nothing, a new one writes that input only', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  await files.prepare(DEV);
  const { egressIn, superviseIn } = bottleLayout(state.path, DEV);
  await files.render(DEV, inputs('one'));
  await files.render(DEV, inputs('one'));
  expect(await readdir(egressIn)).toEqual(['current', 'gen-1']);
  await files.render(DEV, inputs('two'));
  expect((await readdir(egressIn)).sort()).toEqual(['current', 'gen-1', 'gen-2']);
  await files.render(DEV, inputs('three'));
  expect((await readdir(egressIn)).sort()).toEqual(['current', 'gen-2', 'gen-3']);
  expect(await readdir(superviseIn)).toEqual(['current', 'gen-1']);
});

test('damage, and leftovers of a crash, are replaced by the next render', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  await files.prepare(DEV);
  const { egressIn } = bottleLayout(state.path, DEV);
  await files.render(DEV, inputs('one'));
  await rm(join(egressIn, 'gen-1/secrets.json'));
  await symlink('gen-9', join(egressIn, '.current-left'));
  await files.render(DEV, inputs('one'));
  expect((await readdir(egressIn)).sort()).toEqual(['current', 'gen-1', 'gen-2']);
  expect(await readJson(join(egressIn, 'current/secrets.json'))).toEqual(inputs('one').secrets);
});

test('a sidecar that saw more generations is never sent back, a forged number is ignored', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  await files.prepare(DEV);
  const { egressOut, egressIn } = bottleLayout(state.path, DEV);
  const report = (generation: number) =>
    writeFile(join(egressOut, 'status.json'), JSON.stringify({ ...STATUS, generation }));
  await report(41);
  await files.render(DEV, inputs('one'));
  expect(await readlink(join(egressIn, 'current'))).toBe('gen-42');
  await report(Number.MAX_SAFE_INTEGER);
  await files.render(DEV, inputs('two'));
  expect(await readlink(join(egressIn, 'current'))).toBe('gen-43');
});

test('a reader meanwhile gets one generation or the other, never a mixture', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  await files.prepare(DEV);
  const { egressIn } = bottleLayout(state.path, DEV);
  await files.render(DEV, inputs('0'));
  let done = false;
  let reads = 0;
  const reader = async () => {
    while (!done) {
      const folder = join(egressIn, await readlink(join(egressIn, 'current')));
      const table = await readJson(join(folder, 'table.json')).catch(ifGone);
      const secrets = await readJson(join(folder, 'secrets.json')).catch(ifGone);
      if (table === null || secrets === null) continue;
      expect(secrets).toMatchObject({ token: { version: Object(table)['secrets']?.token } });
      reads += 1;
    }
  };
  const reading = reader();
  for (let n = 1; n <= 30; n += 1) await files.render(DEV, inputs(String(n)));
  done = true;
  await reading;
  expect(reads).toBeGreaterThan(0);
});

test('a status is believed in its exact form only', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  expect(await files.read(DEV)).toEqual({ egress: null, supervise: null, bundle: null });
  await files.prepare(DEV);
  const { egressOut } = bottleLayout(state.path, DEV);
  const status = join(egressOut, 'status.json');
  const write = (text: string) => writeFile(status, text);
  await write(JSON.stringify({ ...STATUS, added: 'by a newer sidecar' }));
  expect((await files.read(DEV)).egress).toEqual(STATUS);
  const bad = [
    '',
    '{',
    'null',
    JSON.stringify({ ...STATUS, routes: [{ host: 1 }] }),
    JSON.stringify({ ...STATUS, tableHash: 'short' }),
    JSON.stringify({ ...STATUS, generation: 1.5 }),
    JSON.stringify({ ...STATUS, sidecar: 'supervise' }),
    JSON.stringify({ ...STATUS, caPem: 'x'.repeat(100_000) }),
  ];
  for (const text of bad) {
    await write(text);
    expect((await files.read(DEV)).egress, text.slice(0, 80)).toBeNull();
  }
});

test('a link or a pipe in place of a status is neither followed nor waited for', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  await files.prepare(DEV);
  const { egressOut, bundleOut } = bottleLayout(state.path, DEV);
  await writeFile(join(state.path, 'elsewhere.json'), JSON.stringify(STATUS));
  await symlink(join(state.path, 'elsewhere.json'), join(egressOut, 'status.json'));
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(bundleOut, 'status.json')]);
  expect(await files.read(DEV)).toEqual({ egress: null, supervise: null, bundle: null });
});

test('the certificate is published for the agent, once', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  await files.prepare(DEV);
  await files.publishTrust(DEV, 'PEM');
  const path = join(bottleLayout(state.path, DEV).trust, 'ca.pem');
  const first = await lstat(path);
  await files.publishTrust(DEV, 'PEM');
  expect((await lstat(path)).ino).toBe(first.ino);
  expect(first.mode & 0o777).toBe(0o644);
  await files.publishTrust(DEV, 'PEM 2');
  expect(await readFile(path, 'utf8')).toBe('PEM 2');
  const store = await lstat(join(dirname(path), 'ca.jks'));
  expect(store.mode & 0o777).toBe(0o644);
});

test('removing a bottle keeps proposals that nobody archived, and nothing else', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  const [one, two] = [name('one'), name('two')];
  await files.prepare(one);
  await files.prepare(two);
  const { queue } = bottleLayout(state.path, two);
  await writeFile(join(queue, 'x.proposal.json'), '{}');
  for (const bottle of [one, two, one]) await files.remove(bottle);
  expect(await files.list()).toEqual([]);
  expect(existsSync(bottleLayout(state.path, one).queue)).toBe(false);
  expect(existsSync(queue)).toBe(true);
});

test('what any of hundreds of bottles writes is told, also of one that came later or came back', async () => {
  await using state = await temporaryFolder();
  const files = createSidecarFiles({ stateDirectory: state.path, sidecarUser });
  const bottles = Array.from({ length: 200 }, (_, n) => name(`b${n}`));
  for (const bottle of bottles) await files.prepare(bottle);
  const controller = new AbortController();
  const hints: BottleName[] = [];
  files.watch((bottle) => hints.push(bottle), controller.signal);
  expect(hints).toEqual([]);
  const changed = new Set<BottleName>();
  const seen = async (bottle: BottleName, change: () => Promise<unknown>) => {
    hints.length = 0;
    changed.add(bottle);
    await change();
    await expect.poll(() => hints, { interval: 5 }).toContain(bottle);
    // What came before may be told again, late.
    expect(hints.filter((hint) => !changed.has(hint))).toEqual([]);
  };
  const layout = (bottle: BottleName) => bottleLayout(state.path, bottle);
  const [first = DEV, last = DEV] = [bottles[0], bottles[199]];
  await seen(first, () => writeFile(join(layout(first).egressOut, 'status.json'), '{}'));
  await seen(last, () => writeFile(join(layout(last).queue, 'x.proposal.json'), '{}'));
  await seen(DEV, () => files.prepare(DEV));
  await seen(DEV, () => writeFile(join(layout(DEV).bundleOut, 'status.json'), '{}'));
  await seen(first, () => files.remove(first));
  await seen(first, () => files.prepare(first));
  await seen(first, () => writeFile(join(layout(first).superviseOut, 'status.json'), '{}'));
  controller.abort();
  hints.length = 0;
  await writeAndWitness(join(layout(last).egressOut, 'status.json'));
  expect(hints).toEqual([]);
});

/** Writes, and waits until another watch of the same folder was told. */
async function writeAndWitness(path: string): Promise<void> {
  let told = false;
  const witness = watch(join(path, '..'), () => {
    told = true;
  });
  await writeFile(path, '{}');
  await expect.poll(() => told, { interval: 5 }).toBe(true);
  witness.close();
}

function name(raw: string): BottleName {
  const parsed = parseBottleName(raw);
  if (parsed === undefined) throw new Error(raw);
  return parsed;
}

function inputs(table: string): SidecarInputs {
  return {
    egress: {
      bottle: DEV,
      hash: fingerprint(table),
      routes: [],
      allowlist: [],
      upstream: { hosts: {}, trustedCaPem: [] },
      secrets: { token: table },
    },
    secrets: { token: { version: table, value: 'hidden' } },
    supervise: {
      bottle: DEV,
      hash: fingerprint('settings'),
      waitSeconds: 30,
      maxPendingPerBottle: 20,
    },
  };
}

const STATUS: EgressStatus = {
  sidecar: 'egress',
  state: 'ready',
  instance: 'i1',
  startedAt: '2026-01-01T00:00:00Z',
  generation: 1,
  tableHash: fingerprint('one'),
  loadedAt: null,
  error: null,
  refusedGeneration: null,
  routes: [
    {
      host: 'api.example.test',
      ports: [443],
      matches: [{ paths: [{ kind: 'prefix', value: '/v1/' }], methods: ['GET'], headers: [] }],
      auth: { scheme: 'header', header: 'x-api-key', secret: 'token' },
      dlp: null,
      git: { fetch: false },
      addresses: [],
      expires: null,
    },
  ],
  allowlist: [{ host: 'example.test', reason: null, expires: null }],
  secrets: { token: 'v1' },
  caPem: 'PEM',
  port: 8080,
};

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

function ifGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
