import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servedRemote } from '../builders/served-remote.ts';
import { eventually } from '../eventually.ts';
import { type ClientFleet, CREDENTIAL, clientFleet } from './client-fleet.ts';
import type { ClientPlace } from './client-place.ts';
import { type RealClient, realClients } from './real-clients.ts';
import { cargoAnswers, goAnswers, npmAnswers, pipAnswers } from './served-packages.ts';
import { originOf, SITES } from './upstream-site.ts';

/** Other people's programs in a bottle: what they get, and what they hear of a refusal. */
export function clientSuite(place: ClientPlace): void {
  if (place.kind === 'none') {
    describe.skip(`real clients in a bottle (${place.reason})`);
    return;
  }
  describe(`real clients in a bottle (${place.name})`, { timeout: 60_000 }, () => {
    let clientsIn: ClientFleet;
    beforeAll(async () => {
      clientsIn = await clientFleet(place);
      const { upstream } = clientsIn;
      for (const name of ['left', 'right'] as const) {
        upstream.serve('npm', await npmAnswers(name, originOf('npm')));
        upstream.serve('pypi', pipAnswers(name));
        upstream.serve('crates', await cargoAnswers(name));
        upstream.serve('go', goAnswers(name));
      }
      const crates = originOf('crates');
      const config = JSON.stringify({ dl: `${crates}/crates/{crate}/{version}` });
      upstream.serve('crates', new Map([['/index/config.json', config]]));
    });
    afterAll(() => clientsIn?.[Symbol.asyncDispose]());

    /** What the script printed, and what of it arrived. */
    async function run({ script, site }: RealClient, subject: string) {
      const { upstream, inside } = clientsIn;
      const before = upstream.arrived.length;
      const { all } = await inside(script(subject));
      const arrived = upstream.arrived.slice(before).filter((one) => one.site === SITES[site]);
      return { all, arrived };
    }

    for (const client of realClients(place.found)) {
      if (client.kind === 'missing') {
        test.skip(`${client.name} (not in this bottle)`);
        continue;
      }
      const { name, allowed, denied } = client;
      test(`${name} gets what is allowed, with a credential that it never saw, and hears of what is not`, async () => {
        const passed = await run(client, allowed.subject);
        expect(passed.all).toMatch(allowed.says);
        expect(passed.arrived.length).toBeGreaterThan(0);
        for (const { authorization } of passed.arrived) {
          expect(authorization).toBe(`Bearer ${CREDENTIAL}`);
        }
        const refused = await run(client, denied.subject);
        expect(refused.all).toMatch(denied.says);
        expect(refused.arrived.filter(({ path }) => /closed|right/.test(path))).toEqual([]);
        expect(passed.all + refused.all).not.toContain(CREDENTIAL);
      });
    }

    test('git clones and fetches where a route says so, elsewhere not, and pushes nowhere', async () => {
      const { inside, upstream } = clientsIn;
      const remote = await servedRemote({ 'README.md': 'read me\n' });
      upstream.gitAt = remote.url;
      const url = `${originOf('git')}/fleet.git`;
      const tip = (await remote.git('rev-parse', 'main')).trim();
      const cloned = await inside(`git clone ${url} ~/cloned && cat ~/cloned/README.md`);
      expect(cloned.all).toContain('read me');
      await remote.pusher.commit({ 'more.md': 'more\n' });
      await remote.pusher.git('push', 'origin', 'main');
      expect((await inside('cd ~/cloned && git pull && cat more.md')).all).toContain('more');
      const pushed = await inside('cd ~/cloned && git push origin HEAD:refs/heads/mine');
      expect(pushed.exitCode).not.toBe(0);
      expect(pushed.all).toContain('403');
      expect(await remote.git('for-each-ref', '--format=%(refname)')).not.toContain('mine');
      expect(await remote.git('rev-parse', 'main')).not.toBe(tip);
      const elsewhere = await inside(`git clone ${originOf('git')}/other.git ~/other`);
      expect(elsewhere.all).toContain('403');
      // git speaks HTTP/2 where it can, so egress does with an upstream that can.
      const ofGit = upstream.arrived.filter(({ site }) => site === SITES.git);
      expect(new Set(ofGit.map(({ version }) => version))).toEqual(new Set(['2.0']));
      expect(remote.requests.map(({ path }) => path).join(' ')).not.toMatch(/other|receive-pack/);
    });

    test('a WebSocket client talks where it may, with a credential, and is refused elsewhere', async () => {
      const { inside, upstream } = clientsIn;
      const script = (path: string) => `node - <<'END'
const socket = new WebSocket('wss://${SITES.api}:8443${path}');
socket.onopen = () => socket.send('said');
socket.onmessage = ({ data }) => { console.log('heard ' + data); socket.close(); };
socket.onerror = () => console.log('refused');
END`;
      const before = upstream.arrived.length;
      expect((await inside(script('/open/socket'))).all).toContain('heard said');
      const refused = (await inside(script('/closed/socket'))).all;
      expect(refused).toContain('refused');
      expect(refused).not.toContain('heard');
      expect(upstream.arrived.slice(before)).toEqual([
        {
          version: '1.1',
          site: SITES.api,
          method: 'GET',
          path: '/open/socket',
          authorization: `Bearer ${CREDENTIAL}`,
        },
      ]);
    });

    test('a stream of events is heard event by event, elsewhere there is none', async () => {
      const { fleet, upstream, inside } = clientsIn;
      const follow = (path: string) => `curl -sS -N ${originOf('api')}${path}`;
      const session = fleet.spawn('exec', 'dev', '--', 'sh', '-c', follow('/open/events'));
      let heard = '';
      session.stdout?.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
      });
      await eventually('the stream is open', () => heard.includes('begun'));
      for (let number = 0; number < 5; number++) {
        expect(upstream.tell(`event ${number}`)).toBe(1);
        // The next one is sent when this one was heard: nothing waits for more.
        await eventually(`event ${number} is heard`, () =>
          heard.includes(`data: event ${number}\n`),
        );
      }
      upstream.end();
      expect((await session).exitCode).toBe(0);
      expect((await inside(follow('/closed/events'))).all).toContain('egress_denied');
      expect(upstream.tell('nobody')).toBe(0);
    });
  });
}
