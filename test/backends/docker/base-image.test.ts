import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { examine } from '../../../src/controller/doctor.ts';
import { runBb } from '../../cli/run-bb.ts';
import { dockerUnderTest } from '../../engines/docker-under-test.ts';

const docker = await dockerUnderTest();

function hostWith(config: string) {
  const home = mkdtempSync(join(tmpdir(), 'bb-base-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const folder = join(home, 'config/bb');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), config, { mode: 0o600 });
  const environment = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    PATH: process.env['PATH'],
  };
  return { home, environment };
}

async function imagesCheck({ home, environment }: ReturnType<typeof hostWith>) {
  const results = await examine({ repository: home, environment });
  return results.find(({ name }) => name === 'images');
}

test.skipIf(docker.kind === 'none')(
  'images base gives what the settings need, and doctor is content with it',
  async () => {
    if (docker.kind === 'none') return;
    const engine = `docker:\n  host: ${docker.endpoint}\n`;
    const absent = hostWith(`${engine}images:\n  base: bb/absent:1\n`);
    const before = await imagesCheck(absent);
    expect(before?.state).not.toBe('ok');
    expect(before?.detail).toContain('does not have the base bb/absent:1');
    expect(before?.fix).toContain('bb images base');

    const argv = ['images', 'base', '--json'];
    const { exitCode, stdout } = await runBb(argv, { environment: absent.environment });
    expect(exitCode).toBe(0);
    const made: { readonly reference: string; readonly config: string } = JSON.parse(stdout);
    expect(made.reference).toBe(docker.image);

    const written = hostWith(`${engine}${made.config}\n`);
    expect(await imagesCheck(written)).toMatchObject({ state: 'ok', fix: null });
    const again = await runBb(['images', 'base'], { environment: written.environment });
    expect(again.stdout).toContain('names it already');
  },
);
