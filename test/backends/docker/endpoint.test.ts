import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEndpoint, resolveEndpoint } from '../../../src/backends/docker/endpoint.ts';

describe('docker: where the engine is', () => {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'bb-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const context = (name: string, host: string) => {
    const id = createHash('sha256').update(name).digest('hex');
    mkdirSync(join(home, '.docker/contexts/meta', id), { recursive: true });
    const meta = { Name: name, Endpoints: { docker: { Host: host } } };
    writeFileSync(join(home, '.docker/contexts/meta', id, 'meta.json'), JSON.stringify(meta));
  };

  it('DOCKER_HOST comes first, a socket or an address', () => {
    expect(resolveEndpoint({ HOME: home, DOCKER_HOST: 'unix:///x/d.sock' })).toMatchObject({
      endpoint: { kind: 'unix', socketPath: '/x/d.sock', url: 'unix:///x/d.sock' },
      from: 'DOCKER_HOST',
    });
    expect(resolveEndpoint({ HOME: home, DOCKER_HOST: 'tcp://127.0.0.1:4000' })).toMatchObject({
      endpoint: { kind: 'tcp', host: '127.0.0.1', port: 4000, tls: null },
    });
  });

  it.each(['ssh://somebody@host', 'unix://', 'tcp://', 'nonsense'])(
    '%s is refused with what to use',
    (raw) => {
      expect(parseEndpoint(raw, 'DOCKER_HOST', null)).toMatchObject({
        kind: 'problem',
        fix: expect.stringContaining('unix:///path'),
      });
    },
  );

  it('TLS files that are asked for and absent are a problem, not a plain connection', () => {
    const asked = { HOME: home, DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_TLS_VERIFY: '1' };
    expect(resolveEndpoint(asked)).toMatchObject({ kind: 'problem' });
  });

  it('the current context comes next, by configuration or by name', () => {
    context('work', 'unix:///work.sock');
    context('other', 'unix:///other.sock');
    writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ currentContext: 'work' }));
    expect(resolveEndpoint({ HOME: home })).toMatchObject({
      endpoint: { socketPath: '/work.sock' },
      from: 'docker context work',
    });
    expect(resolveEndpoint({ HOME: home, DOCKER_CONTEXT: 'other' })).toMatchObject({
      endpoint: { socketPath: '/other.sock' },
    });
    expect(resolveEndpoint({ HOME: home, DOCKER_CONTEXT: 'absent' })).toMatchObject({
      kind: 'problem',
      reason: expect.stringContaining('absent'),
    });
  });

  it('a rootless socket is found', () => {
    mkdirSync(join(home, 'run'));
    writeFileSync(join(home, 'run/docker.sock'), '');
    const found = resolveEndpoint({ HOME: home, XDG_RUNTIME_DIR: join(home, 'run') });
    const isHere = found.kind === 'endpoint' && found.endpoint.url.endsWith('docker.sock');
    expect(isHere).toBe(true);
  });
});
