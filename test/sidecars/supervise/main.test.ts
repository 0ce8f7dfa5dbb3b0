import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { SuperviseSettings, SuperviseStatus } from '../../../src/model/sidecar.ts';
import { diskQueueFiles } from '../../../src/supervise/disk-queue-files.ts';
import { createProposalStore } from '../../../src/supervise/proposal-store.ts';
import { proposalResponse } from '../../builders/proposal.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { eventually } from '../../eventually.ts';
import { connectAgent, freePort, settings } from '../../supervise/supervisor-for-tests.ts';

const PROGRAMS = {
  supervise: new URL('../../../src/sidecars/supervise/main.ts', import.meta.url).pathname,
  egress: new URL('../../../src/sidecars/egress/main.ts', import.meta.url).pathname,
};

/** The folders of one bottle, with ways to do what the controller does to them. */
async function bottleFolders() {
  const folder = await temporaryFolder();
  const inside = (path: string) => join(folder.path, path);
  await mkdir(inside('queue'), { recursive: true });
  await mkdir(inside('supervise/in'), { recursive: true });
  // What is `/bb/queue` in the component is `<state>/queue/<slug>` on the host.
  await mkdir(inside('host/queue'), { recursive: true });
  await symlink(inside('queue'), inside('host/queue/dev'));
  return {
    root: folder.path,
    store: createProposalStore(diskQueueFiles, inside('host')),
    async render(next: SuperviseSettings) {
      const generation = `gen-${next.generation}`;
      await mkdir(inside(`supervise/in/${generation}`));
      await writeFile(inside(`supervise/in/${generation}/settings.json`), JSON.stringify(next));
      await symlink(generation, inside('supervise/in/.next'));
      await rename(inside('supervise/in/.next'), inside('supervise/in/current'));
    },
    async status(): Promise<SuperviseStatus | undefined> {
      try {
        return JSON.parse(await readFile(inside('supervise/out/status.json'), 'utf8'));
      } catch {
        return undefined;
      }
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function startProgram(root: string, port: number, name: keyof typeof PROGRAMS = 'supervise') {
  const env = {
    BB_SIDECAR_ROOT: root,
    [`BB_${name.toUpperCase()}_LISTEN`]: `127.0.0.1:${port}`,
  };
  const program = execa(process.execPath, [PROGRAMS[name]], { env, reject: false });
  return Object.assign(program, {
    async [Symbol.asyncDispose]() {
      program.kill('SIGKILL');
      await program;
    },
  });
}

const ASK = {
  name: 'egress-block',
  arguments: { host: 'api.example.test', justification: 'The task needs it' },
};

test('the program waits for settings, serves, takes new ones, and ends at TERM', async () => {
  await using bottle = await bottleFolders();
  const port = await freePort();
  await using program = startProgram(bottle.root, port);
  await eventually('it is degraded', async () => (await bottle.status())?.state === 'degraded');
  await bottle.render(settings({ waitSeconds: 30 }));
  const first = await eventually('it is ready', async () => {
    const status = await bottle.status();
    return status?.state === 'ready' && status;
  });
  expect(first).toMatchObject({
    sidecar: 'supervise',
    generation: 1,
    waitSeconds: 30,
    error: null,
  });

  await using agent = await connectAgent(port);
  const waiting = agent.callTool(ASK);
  const record = await eventually('a proposal', async () => (await bottle.store.pending())[0]);
  await bottle.render(settings({ generation: 2, waitSeconds: 0 }));
  await eventually('R43 the new settings', async () => (await bottle.status())?.generation === 2);
  // R44: a hint is no reason to end.
  program.kill('SIGHUP');
  await bottle.store.respond(proposalResponse({ id: record.proposal.id }));
  expect(await waiting).toMatchObject({ structuredContent: { status: 'approved' } });
  expect((await bottle.status())?.instance).toBe(first.instance);

  program.kill('SIGTERM');
  expect((await program).exitCode).toBe(0);
});

test('what was proposed before a crash waits after it, and is not proposed twice', async () => {
  await using bottle = await bottleFolders();
  await bottle.render(settings());
  const port = await freePort();
  const ready = () =>
    eventually('it is ready', async () => (await bottle.status())?.state === 'ready');
  {
    await using _program = startProgram(bottle.root, port);
    await ready();
    await using agent = await connectAgent(port);
    await agent.callTool(ASK);
  }
  const before = await bottle.store.pending();
  expect(before).toHaveLength(1);
  await using _program = startProgram(bottle.root, port);
  await using agent = await eventually('it serves again', () =>
    connectAgent(port).catch(() => undefined),
  );
  const again = await agent.callTool(ASK);
  expect(again).toMatchObject({ structuredContent: { id: before[0]?.proposal.id } });
  expect(await bottle.store.pending()).toEqual(before);
});

test('a port that is taken ends the program with an error, so that PID 1 starts it again', async () => {
  await using bottle = await bottleFolders();
  await bottle.render(settings());
  const port = await freePort();
  await using _first = startProgram(bottle.root, port);
  await eventually('it is ready', async () => (await bottle.status())?.state === 'ready');
  await using second = startProgram(bottle.root, port);
  expect((await second).exitCode).not.toBe(0);
  await using agent = await connectAgent(port);
  expect((await agent.listTools()).tools).toHaveLength(6);
});

test('list-egress-routes asks the egress program beside it, on the port that its status names', async () => {
  await using bottle = await bottleFolders();
  await bottle.render(settings());
  const port = await freePort();
  await using _supervise = startProgram(bottle.root, port);
  await eventually('it is ready', async () => (await bottle.status())?.state === 'ready');
  await using agent = await connectAgent(port);
  const list = () => agent.callTool({ name: 'list-egress-routes', arguments: {} });
  await using _egress = startProgram(bottle.root, 0, 'egress');
  const answer = await eventually('egress answers', async () => {
    const result = await list();
    return result.isError !== true && result;
  });
  // It has no table yet, so nothing is allowed.
  expect(answer).toMatchObject({ structuredContent: { generation: 0, routes: [] } });
});
