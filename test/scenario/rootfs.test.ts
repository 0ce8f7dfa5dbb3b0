import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeSmallRootfs } from '../backends/embedded/small-rootfs.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { AGENT } from './image-proposal.ts';
import { scenario } from './scenario.ts';

const place = await embeddedUnderTest();

if (place.kind === 'none') test.skip(`scenarios of root file systems: ${place.reason}`);
else {
  const folder = await mkdtemp(join(tmpdir(), 'bb-roots-'));
  afterAll(() => rm(folder, { recursive: true }));
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  for (const rootfs of [one, two]) {
    makeSmallRootfs(rootfs);
    writeFileSync(join(rootfs, 'srv/which'), `${rootfs}\n`);
  }

  scenario(
    'a bottle must be over the folder that the host names, proven, and over another or an archive when it says so',
    { engine: null, isEmbedded: true, timeoutMs: 90_000 },
    async (fleet) => {
      const host = (rootfs: string) =>
        fleet.configure('config.yaml', `images: {rootfs: {small: ${rootfs}}}\n`);
      const bottle = (name: string) =>
        fleet.repository.commit({
          'desired-state/agents/dev.yaml': AGENT.replace(
            '{name: dev}',
            `{name: dev, image: {rootfs: ${name}}}`,
          ),
        });
      await host(one);
      await bottle('smal');
      expect((await fleet.bb('reconcile')).all).toMatch(/no root file system "smal"[\s\S]*small/);

      await bottle('small');
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.done('exec', 'dev', '--', 'sh', '-c', script);
      expect((await inside('cat /srv/which; command -v grep || echo none')).stdout).toBe(
        `${one}\nnone`,
      );
      expect((await fleet.done('plan')).stdout).toContain('0 actions');

      await host(two);
      await fleet.done('reconcile');
      expect((await inside('cat /srv/which')).stdout).toBe(two);

      const archive = join(folder, 'one.tar');
      execFileSync('tar', ['-cf', archive, '-C', one, '.']);
      await host(archive);
      await fleet.done('reconcile');
      expect((await inside('cat /srv/which')).stdout).toBe(one);
      writeFileSync(join(one, 'srv/which'), 'upgraded\n');
      execFileSync('tar', ['-cf', archive, '-C', one, '.']);
      await fleet.done('reconcile');
      expect((await inside('cat /srv/which')).stdout).toBe('upgraded');
      expect((await fleet.done('plan')).stdout).toContain('0 actions');
    },
  );
}
