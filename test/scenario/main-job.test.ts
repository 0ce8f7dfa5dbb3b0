import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { PlanReport } from '../../src/controller/api.ts';
import { openTestRepository } from '../builders/repository.ts';
import { get, inBottle } from './bottle.ts';
import { onEngine } from './engine.ts';
import { route } from './fleet-files.ts';
import { scenario } from './scenario.ts';
import { URL_OF_API } from './upstream.ts';

const VALUE = 'hunter2-of-the-host';

await onEngine('main-job', (engine) => {
  const { upstream, docker } = engine;

  scenario(
    'a commit must become a guarded bottle, and then ask for nothing',
    { engine },
    async (fleet) => {
      await fleet.done('validate');
      expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(3);
      expect(await fleet.engine.ids()).toEqual({});
      await fleet.done('reconcile');
      expect(Object.keys(await fleet.engine.ids()).sort()).toEqual([
        'dev',
        'dev-ext',
        'dev-int',
        'dev-sidecars',
      ]);
      expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
      expect((await fleet.json<PlanReport>('plan')).plan.actions).toEqual([]);
      const { bottles, revision } = await fleet.status();
      expect(bottles).toMatchObject([
        {
          name: 'dev',
          lastAppliedRevision: revision,
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      ]);

      expect(await get(fleet, 'dev', `${URL_OF_API}/public/hello`)).toMatch(/^200 hello from/);
      const [status, ...body] = (await get(fleet, 'dev', `${URL_OF_API}/private`)).split(' ');
      expect(status).toBe('403');
      expect(JSON.parse(body.join(' '))).toMatchObject({
        error: 'egress_denied',
        path: '/private',
      });
      expect(upstream.received.map(({ path }) => path)).not.toContain('/private');
    },
  );

  scenario('init must make a fleet that comes up', { engine }, async (fleet) => {
    const root = join(fleet.folder, 'made');
    await fleet.done('init', root);
    const made = openTestRepository(root);
    const path = join(root, 'desired-state/fleet.yaml');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/^name: .*$/m, `name: ${fleet.name}`));
    await made.git(
      '-c',
      'user.name=O',
      '-c',
      'user.email=o@example.test',
      'commit',
      '-qam',
      'Name it',
    );
    await fleet.done('-C', root, 'reconcile');
    const status = await fleet.json<{ bottles: unknown[] }>('-C', root, 'status');
    expect(status.bottles).toMatchObject([
      { name: 'demo', label: 'Demo', conditions: [{ type: 'Ready', status: 'True' }] },
    ]);
    await fleet.done('-C', root, 'stop', 'demo');
    expect(await fleet.engine.ids()).toEqual({});
  });

  scenario(
    'programs in a bottle must trust its certificate',
    {
      engine,
      texts: { routes: route(upstream.address, 'paths: [/public/]', 'git: {fetch: true}') },
    },
    async (fleet) => {
      await fleet.done('reconcile');
      const url = `${URL_OF_API}/public/hello`;
      const programs = {
        curl: `curl -sS ${url}`,
        node: `node -e 'fetch("${url}").then((r) => r.text()).then(console.log)'`,
        python: `python3 -c 'import urllib.request as u; print(u.urlopen("${url}").read().decode())'`,
      };
      for (const [name, script] of Object.entries(programs)) {
        const { stdout, stderr } = await inBottle(fleet, 'dev', script);
        expect(`${name}: ${stdout.trim()}${stderr}`).toBe(
          `${name}: hello from api.example.test/public/hello`,
        );
      }
      const git = await inBottle(fleet, 'dev', `git ls-remote ${URL_OF_API}/public/r.git`);
      expect(git.stdout).toContain('refs/heads/main');
      const distrusting = await inBottle(fleet, 'dev', `curl -sS --cacert /dev/null ${url}`);
      expect(distrusting.exitCode).toBe(77);
    },
  );

  scenario(
    'a credential must reach the upstream and nothing else',
    {
      engine,
      texts: {
        routes: route(upstream.address, 'paths: [/public/]', 'auth: {scheme: Bearer, secret: api}'),
      },
    },
    async (fleet) => {
      await fleet.configure('token', `${VALUE}\n`);
      await fleet.configure(
        'secrets.yaml',
        'api: {from: {file: token}, hosts: [api.example.test]}\n',
      );
      await fleet.done('reconcile');
      const url = `${URL_OF_API}/public/with-credential`;
      const before = upstream.received.length;
      expect(await get(fleet, 'dev', url, "-H 'Authorization: Bearer mine'")).toMatch(/^200/);
      expect(upstream.received.slice(before)).toEqual([
        { path: '/public/with-credential', authorization: `Bearer ${VALUE}` },
      ]);

      const inside = 'env; tr "\\0" "\\n" < /proc/1/environ; grep -rs hunter2 /etc /home /run /tmp';
      const agent = fleet.engine.container('dev');
      const inspected = await agent.inspect();
      const places = {
        inside: (await inBottle(fleet, 'dev', inside)).all,
        agent: JSON.stringify(inspected),
        sidecars: JSON.stringify(await fleet.engine.container('dev', 'sidecars').inspect()),
        image: JSON.stringify(await docker.getImage(inspected.Image).history()),
        logs: await fleet.engine.logs(),
        git: await fleet.repository.git('log', '-p', '--all'),
        status: (await fleet.bb('status', '--json')).all + (await fleet.bb('events')).all,
      };
      for (const [place, text] of Object.entries(places)) {
        expect(text.length, place).toBeGreaterThan(0);
        expect(text, place).not.toContain(VALUE);
      }
    },
  );

  scenario('a credential of the agent must not pass', { engine }, async (fleet) => {
    await fleet.done('reconcile');
    const before = upstream.received.length;
    const url = `${URL_OF_API}/public/own-credential`;
    expect(await get(fleet, 'dev', url, "-H 'Authorization: Bearer mine'")).toMatch(/^200/);
    expect(upstream.received.slice(before)).toEqual([
      { path: '/public/own-credential', authorization: null },
    ]);
  });
});
