import { describe, expect, it } from 'vitest';
import { shippedImages } from '../../../src/controller/adapters/shipped-images.ts';
import type { ImageBuild } from '../../../src/model/component.ts';
import { uniqueFleet } from '../../contract/backend-under-test.ts';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../../engines/docker-under-test.ts';

const engine = await dockerUnderTest();

if (engine.kind === 'none') describe.skip(`docker: images (${engine.reason})`);
else {
  const { under, docker, image } = engine;
  const build = (dockerfile: string, context: ImageBuild['context'] = new Map()): ImageBuild => ({
    reference: `bb/test:${uniqueFleet()}`,
    dockerfile: `ARG BASE\nFROM \${BASE}\n${dockerfile}`,
    buildArgs: { BASE: image },
    context,
  });

  describe('docker: images', () => {
    it('builds once, tells its progress, and is observed', async () => {
      const asked = build(
        'COPY a.txt /a.txt\nRUN cat /a.txt',
        new Map([['a.txt', Buffer.from('from context')]]),
      );
      const backend = under.open();
      const lines: string[] = [];
      await backend.ensureImage(asked, (line) => lines.push(line));
      expect(lines).toContain('from context');
      const again: string[] = [];
      await backend.ensureImage(asked, (line) => again.push(line));
      expect(again).toEqual([]);
      const observation = await backend.observe(bottleUnderTest(under).fleet);
      expect(observation.available && observation.images).toContain(asked.reference);
      await docker.getImage(asked.reference).remove();
    });

    it('keeps which files may be executed, and takes none of the context for its Dockerfile', async () => {
      const context = new Map([
        ['Dockerfile', Buffer.from('FROM nowhere')],
        ['tool', Buffer.from('#!/bin/sh\necho made by a tool\n')],
      ]);
      const asked = {
        ...build('COPY tool Dockerfile /x/\nRUN /x/tool && test ! -x /x/Dockerfile', context),
        executable: new Set(['tool']),
      };
      const lines: string[] = [];
      await under.open().ensureImage(asked, (line) => lines.push(line));
      expect(lines).toContain('made by a tool');
      await docker.getImage(asked.reference).remove();
    });

    it('wanted by many bottles at once, an image is built once, and all of them hear of it', async () => {
      const asked = build('RUN echo built at $(date +%s.%N)');
      const backend = under.open();
      const heard = Array.from({ length: 8 }, (): string[] => []);
      await Promise.all(
        heard.map((lines) => backend.ensureImage(asked, (line) => lines.push(line))),
      );
      const built = heard.map((lines) => lines.filter((line) => line.startsWith('built at')));
      expect(built[0]).toHaveLength(1);
      expect(new Set(built.map(String)).size).toBe(1);
      await docker.getImage(asked.reference).remove();
    });

    it('a build that fails says so with its last lines', async () => {
      const asked = build('RUN echo before; echo why it failed >&2; exit 3');
      const failure = under.open().ensureImage(asked, () => undefined);
      await expect(failure).rejects.toMatchObject({
        code: 'build-failed',
        kind: 'terminal',
        message: expect.stringContaining('why it failed'),
      });
    });

    it('a base that is absent is not pulled but said', async () => {
      const asked = { ...build(''), buildArgs: { BASE: 'registry.example.test/absent:1' } };
      await expect(under.open().ensureImage(asked, () => undefined)).rejects.toMatchObject({
        code: 'image-missing',
        message: expect.stringContaining('registry.example.test/absent:1'),
        hint: expect.stringContaining('docker pull'),
      });
    });

    it('a folder of this machine is not taken for a root file system', async () => {
      const asked = { ...build(''), rootfs: '/srv/rootfs' };
      await expect(under.open().ensureImage(asked, () => undefined)).rejects.toMatchObject({
        code: 'not-supported',
        message: expect.stringContaining('/srv/rootfs'),
        hint: expect.stringContaining('backend: embedded'),
      });
    });

    it('the images that ship with bb build without a network on a base of this machine', async () => {
      const shipped = await shippedImages(image);
      const backend = under.open();
      await backend.ensureImage(shipped.agent, () => undefined);
      await backend.ensureImage(shipped.sidecars, () => undefined);
      await using bottle = bottleUnderTest(under, 'dev', {
        agent: { image: shipped.agent.reference },
        sidecars: { image: shipped.sidecars.reference },
      });
      await bottle.up(backend);
      const look =
        'id -un; pwd; touch x && echo writes; git --version; node -p 6*7; python3 -c "print(6*7)"; curl --version | head -c 4';
      const said = await shell(backend, bottle.ref('agent'), look);
      expect(said.replace(/git version .*/, 'git')).toBe(
        'agent\n/home/agent/work\nwrites\ngit\n42\n42\ncurl',
      );
      const programs = await shell(backend, bottle.ref('sidecars'), 'ls /opt/bb');
      expect(programs).toBe('bundle.js\ncache\negress.js\nsupervise.js');
    });
  });
}
