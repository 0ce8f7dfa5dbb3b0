import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { BackendHint } from '../../../src/backends/backend.ts';
import { createDockerBackend } from '../../../src/backends/docker/docker-backend.ts';
import { parseEndpoint } from '../../../src/backends/docker/endpoint.ts';
import { connect } from '../../../src/backends/docker/engine.ts';
import { runtimeName } from '../../../src/model/component.ts';
import { bottleUnderTest, observed } from '../../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../../engines/docker-under-test.ts';
import { misbehavingProxy } from '../../engines/misbehaving-proxy.ts';
import { recordingProxy } from '../../engines/recording-proxy.ts';

const engine = await dockerUnderTest();

if (engine.kind === 'none') describe.skip(`docker: requests (${engine.reason})`);
else {
  const { under, endpoint } = engine;
  const open = (url: string) => createDockerBackend({ endpoint: url, environment: {} });

  describe('docker: requests', () => {
    it('a secret of the environment is in the body of one request and in no request line', async () => {
      await using proxy = await recordingProxy(endpoint);
      await using bottle = bottleUnderTest(under, 'dev', { env: { TOKEN: 's3cr3t-value' } });
      await bottle.up(open(proxy.endpoint));
      const sent = proxy.taken();
      const lines = proxy.requestLines(sent);
      expect(sent).toContain('TOKEN=s3cr3t-value');
      expect(lines.some((line) => line.includes('/containers/create?name=bb-'))).toBe(true);
      expect(lines.filter((line) => line.includes('s3cr3t'))).toEqual([]);
    });

    it('a conflict over a container that is not there is told in the engine’s words, and tried again', async () => {
      await using proxy = await misbehavingProxy(endpoint);
      await using bottle = bottleUnderTest(under, 'dev');
      const backend = open(proxy.endpoint);
      const message = 'Conflict: the daemon is being upgraded';
      proxy.follow((method, path) =>
        method === 'POST' && path.startsWith('/containers/create')
          ? { kind: 'answer', status: 409, message }
          : { kind: 'pass' },
      );
      await expect(bottle.up(backend)).rejects.toMatchObject({
        kind: 'transient',
        message: expect.stringMatching(/^bb-.* cannot be made now: .*the daemon is being upgraded/),
      });
      proxy.follow(() => ({ kind: 'pass' }));
      await bottle.up(backend);
    });

    it('every path is pinned to one version but the question for it', async () => {
      await using proxy = await recordingProxy(endpoint);
      await using bottle = bottleUnderTest(under);
      await bottle.up(open(proxy.endpoint));
      const paths = proxy.requestLines(proxy.taken()).map((line) => line.split(' ')[1] ?? '');
      expect(paths[0]).toBe('/version');
      expect(paths.slice(1).filter((path) => !/^\/v1\.4[0-4]\//.test(path))).toEqual([]);
    });

    it('observes one bottle and five with the same four calls, none of which changes anything', async () => {
      await using proxy = await recordingProxy(endpoint);
      await using stack = new AsyncDisposableStack();
      const backend = open(proxy.endpoint);
      const first = stack.use(bottleUnderTest(under, 'b0'));
      await first.up(backend);
      proxy.taken();
      await backend.observe(first.fleet);
      const forOne = proxy.requestLines(proxy.taken());
      for (const name of ['b1', 'b2', 'b3', 'b4']) {
        await stack.use(bottleUnderTest(under, name, { fleet: first.fleet })).up(backend);
      }
      proxy.taken();
      await backend.observe(first.fleet);
      const forFive = proxy.requestLines(proxy.taken());
      expect(forFive).toHaveLength(4);
      expect(forFive.toSorted()).toEqual(forOne.toSorted());
      expect(forFive.filter((line) => !line.startsWith('GET '))).toEqual([]);
    });

    it('a request does not format every open connection for a debug line', async () => {
      const { calls, streams } = await connect(parseEndpoint(endpoint, 'the test', null));
      for (const { modem } of [calls, streams]) {
        const { agent } = modem as { readonly agent?: object };
        expect(inspect(agent, { showHidden: true, depth: null })).toBe('agent');
      }
    });

    it('a network that somebody attached the agent to is seen', async () => {
      await using bottle = bottleUnderTest(under);
      await using other = bottleUnderTest(under, 'other', { fleet: bottle.fleet });
      const backend = under.open();
      await bottle.up(backend);
      await backend.createNetwork(other.external);
      expect((await observed(backend, bottle)).agent?.otherNetworks ?? []).toEqual([]);
      const network = engine.docker.getNetwork(runtimeName(other.ref('external-network')));
      const agent = { Container: runtimeName(bottle.ref('agent')) };
      await network.connect(agent);
      expect((await observed(backend, bottle)).agent?.otherNetworks).toEqual([
        runtimeName(other.ref('external-network')),
      ]);
      await network.disconnect(agent);
      expect((await observed(backend, bottle)).agent?.otherNetworks ?? []).toEqual([]);
    });

    it('an image that is present is asked for and nothing else', async () => {
      await using proxy = await recordingProxy(endpoint);
      const build = { reference: engine.image, dockerfile: '', buildArgs: {}, context: new Map() };
      await open(proxy.endpoint).ensureImage(build, () => undefined);
      const lines = proxy.requestLines(proxy.taken());
      expect(lines.filter((line) => !line.startsWith('GET '))).toEqual([]);
    });

    it('a stream of events that is cut is followed again, with a gap told', async () => {
      await using proxy = await recordingProxy(endpoint);
      await using bottle = bottleUnderTest(under);
      const hints: BackendHint[] = [];
      const stop = new AbortController();
      const backend = open(proxy.endpoint);
      backend.watch(bottle.fleet, (hint) => hints.push(hint), stop.signal);
      await expect.poll(() => proxy.taken()).toContain('/events?');
      proxy.cut();
      await expect.poll(() => hints).toContainEqual({ kind: 'gap', bottle: null });
      await bottle.up(under.open());
      await expect.poll(() => hints).toContainEqual({ kind: 'look', bottle: bottle.bottle });
      stop.abort();
    });

    it('a call after all connections were cut works', async () => {
      await using proxy = await recordingProxy(endpoint);
      await using bottle = bottleUnderTest(under);
      const backend = open(proxy.endpoint);
      await bottle.up(backend);
      proxy.cut();
      expect((await observed(backend, bottle)).agent?.state).toBe('running');
    });

    it('the session of a program does not look like a change', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const hints: BackendHint[] = [];
      const stop = new AbortController();
      backend.watch(bottle.fleet, (hint) => hints.push(hint), stop.signal);
      const request = { argv: ['true'], user: null, timeoutMs: 5_000 };
      await backend.exec(bottle.ref('agent'), request);
      await backend.stop(bottle.ref('sidecars'), 0);
      await expect.poll(() => hints.length).toBeGreaterThan(0);
      const before = hints.length;
      await backend.exec(bottle.ref('agent'), request);
      await backend.remove(bottle.ref('sidecars'));
      await expect.poll(() => hints.length).toBeGreaterThan(before);
      stop.abort();
    });
  });
}
