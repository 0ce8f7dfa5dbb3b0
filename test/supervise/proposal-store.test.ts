import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { Proposal, ProposalResponse } from '../../src/model/proposal.ts';
import { diskQueueFiles } from '../../src/supervise/disk-queue-files.ts';
import { formatQueueFile } from '../../src/supervise/proposal-file.ts';
import { createProposalStore } from '../../src/supervise/proposal-store.ts';
import { bottleName } from '../builders/observed.ts';
import { proposal, proposalId, proposalResponse } from '../builders/proposal.ts';
import { temporaryFolder } from '../builders/state-directory.ts';

/** A state directory whose queues hold these files, with the store on top of it. */
async function queueWith(files: { readonly [path: string]: string | Proposal | ProposalResponse }) {
  const folder = await temporaryFolder();
  const queue = (path = '') => join(folder.path, 'queue', path);
  await mkdir(queue('dev'), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(queue(path), '..'), { recursive: true });
    await writeFile(queue(path), typeof content === 'string' ? content : formatQueueFile(content));
  }
  return {
    queue,
    stateDirectory: folder.path,
    store: createProposalStore(diskQueueFiles, folder.path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const ID = proposalId();
const idsOf = (records: readonly { readonly proposal: Proposal }[]) =>
  records.map((record) => record.proposal.id);

describe('the store', () => {
  test('lists what waits, in order of arrival over all bottles', async () => {
    const [one, two, three] = [proposalId(1), proposalId(2), proposalId(3)];
    const nightly = bottleName('nightly');
    await using fleet = await queueWith({
      [`dev/${three}.proposal.json`]: proposal({ id: three }),
      [`nightly/${two}.proposal.json`]: proposal({ id: two, bottle: nightly }),
      [`dev/${one}.proposal.json`]: proposal({ id: one }),
    });
    expect(idsOf(await fleet.store.pending())).toEqual([one, two, three]);
    expect((await fleet.store.read(two))?.proposal.bottle).toBe('nightly');
  });

  test('a proposal that was replaced after it was seen is none any more', async () => {
    const other = proposalId(2);
    await using fleet = await queueWith({
      [`dev/${ID}.proposal.json`]: proposal(),
      [`dev/${other}.proposal.json`]: proposal({ id: other }),
    });
    expect(await fleet.store.read(ID)).not.toBeNull();
    const wider = { ...proposal().request, host: 'wider.example.test' };
    await writeFile(
      fleet.queue(`dev/${ID}.proposal.json`),
      formatQueueFile(proposal({ request: wider })),
    );
    // Another process, as `bb approve` is after `bb show`.
    const later = createProposalStore(diskQueueFiles, fleet.stateDirectory);
    expect(await later.read(ID)).toBeNull();
    expect(idsOf(await later.pending())).toEqual([other]);
    expect(await readdir(fleet.queue('dev/quarantine'))).toEqual([`${ID}.proposal.json`]);
  });

  test('has nothing before any bottle has a queue', async () => {
    await using folder = await temporaryFolder();
    const store = createProposalStore(diskQueueFiles, folder.path);
    expect(await store.all()).toEqual([]);
    expect(await store.read(ID)).toBeNull();
    expect(await store.respond(proposalResponse())).toEqual({ kind: 'unknown' });
  });

  test('a proposal with a response does not wait', async () => {
    await using fleet = await queueWith({
      [`dev/${ID}.proposal.json`]: proposal(),
      [`dev/${ID}.response.json`]: proposalResponse({ state: 'rejected', notes: 'no' }),
    });
    expect(await fleet.store.pending()).toEqual([]);
    expect(await fleet.store.queued()).toMatchObject([{ response: { notes: 'no' } }]);
  });

  test('writes what the other side can read, whatever the umask', async () => {
    await using fleet = await queueWith({ [`dev/${ID}.proposal.json`]: proposal() });
    const umask = process.umask(0o077);
    try {
      await fleet.store.respond(proposalResponse());
    } finally {
      process.umask(umask);
    }
    const { mode } = await stat(fleet.queue(`dev/${ID}.response.json`));
    expect(mode & 0o777).toBe(0o644);
  });

  test('R26 an answered proposal is archived out of the list and can still be read', async () => {
    await using fleet = await queueWith({ [`dev/${ID}.proposal.json`]: proposal() });
    expect(await fleet.store.archive(ID)).toBe(false);
    expect(await fleet.store.respond(proposalResponse())).toEqual({ kind: 'answered' });
    expect(await fleet.store.archive(ID)).toBe(true);
    expect(await fleet.store.archive(ID)).toBe(false);
    expect(await fleet.store.queued()).toEqual([]);
    expect(await readdir(fleet.queue('dev'))).toEqual(['archive']);
    expect(await fleet.store.read(ID)).toMatchObject({ archived: true, response: { id: ID } });
    expect(idsOf(await fleet.store.all())).toEqual([ID]);
  });

  test('an archiving that a crash cut in two keeps its answer, and is finished by the next', async () => {
    await using fleet = await queueWith({
      [`dev/archive/${ID}.proposal.json`]: proposal(),
      [`dev/${ID}.response.json`]: proposalResponse({ operator: 'olga' }),
    });
    expect(await fleet.store.read(ID)).toMatchObject({ response: { operator: 'olga' } });
    expect(await fleet.store.respond(proposalResponse())).toMatchObject({
      kind: 'already-answered',
    });
    expect(await fleet.store.archive(ID)).toBe(true);
    expect(await readdir(fleet.queue('dev'))).toEqual(['archive']);
  });

  test('an archived proposal cannot be answered again', async () => {
    await using fleet = await queueWith({ [`dev/${ID}.proposal.json`]: proposal() });
    await fleet.store.respond(proposalResponse());
    await fleet.store.archive(ID);
    expect(await fleet.store.respond(proposalResponse({ state: 'rejected' }))).toMatchObject({
      kind: 'already-answered',
      response: { state: 'approved' },
    });
  });

  test('knows no proposal by a text that is no id', async () => {
    await using fleet = await queueWith({ 'secret.proposal.json': 'x' });
    for (const id of ['', '../secret', 'x'.repeat(300), ID.toLowerCase()]) {
      expect(await fleet.store.read(id)).toBeNull();
    }
  });
});

describe('a reader moves to quarantine and leaves out', () => {
  const good = proposal({ id: proposalId(9) });
  const beside = { [`dev/${good.id}.proposal.json`]: good };

  test.each<[string, string | Proposal]>([
    ['a file that is cut off', '{"id": "01J'],
    ['an empty file', ''],
    ['another JSON value', '[1]'],
    ['a NUL', '\u0000'],
    ['an oversized file', formatQueueFile(proposal()).padEnd(200_000)],
    ['a claim to be another bottle', proposal({ bottle: bottleName('nightly') })],
    ['a claim to be another id', proposal({ id: proposalId(2) })],
    ['a date that is none', proposal({ createdAt: '2026-06-01T00:00:00.000Z\n' })],
    ['an unknown tool', JSON.stringify({ ...proposal(), request: { tool: 'root' } })],
    [
      'a host that the tool would refuse',
      formatQueueFile(proposal()).replace('api.example.test', '169.254.169.254'),
    ],
    [
      'a request in another form than the tool writes',
      formatQueueFile(proposal()).replace('"GET"', '"get"'),
    ],
    [
      'a field that the tool does not know',
      formatQueueFile(proposal()).replace('"auth": null', '"auth": null, "expires": null'),
    ],
    ['nesting without end', `{"id": "${ID}", "request": ${'['.repeat(60_000)}`],
  ])('%s', async (_title, content) => {
    await using fleet = await queueWith({ [`dev/${ID}.proposal.json`]: content, ...beside });
    expect(idsOf(await fleet.store.pending())).toEqual([good.id]);
    expect(await readdir(fleet.queue('dev/quarantine'))).toEqual([`${ID}.proposal.json`]);
    expect(await fleet.store.read(ID)).toBeNull();
  });

  test('a symbolic link, and what it points to stays where it is', async () => {
    await using fleet = await queueWith({ ...beside, secret: formatQueueFile(proposal()) });
    await symlink(fleet.queue('secret'), fleet.queue(`dev/${ID}.proposal.json`));
    expect(idsOf(await fleet.store.pending())).toEqual([good.id]);
    expect(await readFile(fleet.queue('secret'), 'utf8')).toContain(ID);
  });

  test('a FIFO, without waiting for a writer', async () => {
    await using fleet = await queueWith(beside);
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', fleet.queue(`dev/${ID}.proposal.json`)]);
    expect(idsOf(await fleet.store.pending())).toEqual([good.id]);
  });

  test('a socket', async () => {
    await using fleet = await queueWith(beside);
    const server = createServer().listen(fleet.queue(`dev/${ID}.proposal.json`));
    await once(server, 'listening');
    expect(idsOf(await fleet.store.pending())).toEqual([good.id]);
    expect(await readdir(fleet.queue('dev/quarantine'))).toEqual([`${ID}.proposal.json`]);
    server.close();
  });

  test('bytes that are no UTF-8', async () => {
    await using fleet = await queueWith(beside);
    await writeFile(fleet.queue(`dev/${ID}.proposal.json`), Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    expect(idsOf(await fleet.store.pending())).toEqual([good.id]);
    expect(await readdir(fleet.queue('dev/quarantine'))).toEqual([`${ID}.proposal.json`]);
  });

  test('a folder that is named like a proposal', async () => {
    await using fleet = await queueWith({ ...beside, [`dev/${ID}.proposal.json/x`]: 'x' });
    expect(idsOf(await fleet.store.pending())).toEqual([good.id]);
  });

  test('a response that is none, and the proposal waits', async () => {
    await using fleet = await queueWith({
      ...beside,
      [`dev/${good.id}.response.json`]: JSON.stringify({ id: good.id, state: 'pending' }),
    });
    expect(idsOf(await fleet.store.pending())).toEqual([good.id]);
    expect(await readdir(fleet.queue('dev/quarantine'))).toEqual([`${good.id}.response.json`]);
  });

  test('nothing that a writer has not finished', async () => {
    await using fleet = await queueWith({ ...beside, 'dev/.0123.tmp': '{"id"' });
    expect(idsOf(await fleet.store.pending())).toEqual([good.id]);
    expect(await readdir(fleet.queue('dev'))).toContain('.0123.tmp');
  });

  test('never through a link that stands in for the archive', async () => {
    await using fleet = await queueWith({ [`dev/${ID}.proposal.json`]: proposal() });
    await mkdir(join(fleet.stateDirectory, 'elsewhere'));
    await symlink(join(fleet.stateDirectory, 'elsewhere'), fleet.queue('dev/archive'));
    await fleet.store.respond(proposalResponse());
    await expect(fleet.store.archive(ID)).rejects.toThrow('is not a folder');
    expect(await readdir(join(fleet.stateDirectory, 'elsewhere'))).toEqual([]);
  });
});

describe('of many deciders at once', () => {
  const states = ['approved', 'rejected', 'expired', 'cancelled'] as const;

  test('D9 exactly one wins, and the others are told who', async () => {
    await using fleet = await queueWith({ [`dev/${ID}.proposal.json`]: proposal() });
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        fleet.store.respond(
          proposalResponse({ state: states[number % 4] ?? 'approved', operator: `${number}` }),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.kind === 'answered')).toHaveLength(1);
    const winner = (await fleet.store.read(ID))?.response?.operator;
    expect(outcomes[Number(winner)]).toEqual({ kind: 'answered' });
    for (const outcome of outcomes) {
      if (outcome.kind === 'already-answered') expect(outcome.response?.operator).toBe(winner);
    }
    expect((await readdir(fleet.queue('dev'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('D9 exactly one wins, also when its answer is archived before the others come', async () => {
    for (let round = 0; round < 20; round += 1) {
      await using fleet = await queueWith({ [`dev/${ID}.proposal.json`]: proposal() });
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, async (_, number) => {
          const outcome = await fleet.store.respond(proposalResponse({ operator: `${number}` }));
          if (outcome.kind === 'answered') await fleet.store.archive(ID);
          return outcome.kind;
        }),
      );
      expect(outcomes.filter((kind) => kind === 'answered')).toHaveLength(1);
      const winner = outcomes.indexOf('answered');
      expect((await fleet.store.read(ID))?.response?.operator).toBe(`${winner}`);
    }
  });

  test('D9 exactly one process wins', async () => {
    await using fleet = await queueWith({ [`dev/${ID}.proposal.json`]: proposal() });
    const startAt = String(Date.now() + 1_500);
    const program = new URL('fixtures/decide.ts', import.meta.url).pathname;
    const deciders = ['olga', 'otto', 'oona', 'omar'].map((operator) =>
      execa(process.execPath, [program, fleet.stateDirectory, ID, operator, startAt]),
    );
    const said = (await Promise.all(deciders)).map(({ stdout }) => stdout);
    expect(said.toSorted()).toEqual([
      'already-answered',
      'already-answered',
      'already-answered',
      'answered',
    ]);
  });
});
