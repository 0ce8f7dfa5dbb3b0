import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { createDockerBackend } from '../../../src/backends/docker/docker-backend.ts';
import { classify } from '../../../src/backends/docker/engine-error.ts';
import { parseFleetName } from '../../../src/model/names.ts';

const folder = mkdtempSync(join(tmpdir(), 'bb-absent-'));
const fleet = parseFleetName('absent');
const BACKEND = join(import.meta.dirname, '../../../src/backends/docker/docker-backend.ts');

describe('docker: an engine that cannot be used', () => {
  afterAll(() => rmSync(folder, { recursive: true }));

  it('one that is absent is told by every call with what to do', async () => {
    const backend = createDockerBackend({
      endpoint: `unix://${folder}/none.sock`,
      environment: {},
    });
    expect(await backend.probe()).toMatchObject({
      available: false,
      reason: expect.stringContaining('none.sock'),
      fix: expect.stringContaining('Start the engine'),
    });
    if (fleet === undefined) throw new Error('not a name');
    expect(await backend.observe(fleet)).toMatchObject({ available: false });
    const ref = { fleet, bottle: fleet as never, component: 'agent' } as const;
    await expect(backend.start(ref)).rejects.toMatchObject({
      code: 'unavailable',
      kind: 'transient',
    });
  });

  it.skipIf(process.getuid?.() !== 0)(
    'one whose socket may not be opened says permission and group',
    async () => {
      const path = join(folder, 'closed.sock');
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      chmodSync(path, 0o600);
      chmodSync(folder, 0o755);
      const script = `const { createDockerBackend } = await import('${BACKEND}');
      process.setgid(65534);
      process.setuid(65534);
      const backend = createDockerBackend({ endpoint: 'unix://${path}', environment: {} });
      console.log(JSON.stringify(await backend.probe()));`;
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '-e',
        script,
      ]);
      server.close();
      expect(JSON.parse(stdout)).toMatchObject({
        available: false,
        reason: expect.stringContaining('EACCES'),
        fix: expect.stringContaining('usermod -aG docker'),
      });
    },
  );

  it.each([
    [{ statusCode: 403, message: 'Pool overlaps with other one' }, 'subnet-overlap', 'transient'],
    [
      { statusCode: 400, message: 'unknown or invalid runtime name: x' },
      'unknown-runtime',
      'terminal',
    ],
    [{ statusCode: 400, message: 'Unknown runtime specified x' }, 'unknown-runtime', 'terminal'],
    [{ statusCode: 404, message: 'No such image: x' }, 'image-missing', 'terminal'],
    [{ statusCode: 404, message: 'No such container: x' }, 'not-found', 'transient'],
    [{ statusCode: 409, message: 'name is already in use by' }, 'name-taken', 'terminal'],
    [{ statusCode: 409, message: 'container is not running' }, 'failed', 'transient'],
    [{ statusCode: 500, message: 'disk full' }, 'failed', 'transient'],
    [{ code: 'ECONNREFUSED', message: 'connect' }, 'unavailable', 'transient'],
    [{ code: 'ECONNRESET', message: 'socket hang up' }, 'unavailable', 'transient'],
    [{ code: 'EACCES', message: 'connect' }, 'permission-denied', 'terminal'],
    [{ name: 'TimeoutError', message: 'aborted' }, 'timeout', 'transient'],
  ])('%o is %s and %s', (said, code, kind) => {
    expect(classify(Object.assign(new Error(said.message), said), 'doing')).toMatchObject({
      ...{ code, kind },
      message: `doing: ${said.message}`,
    });
  });

  it('escape sequences of an engine do not reach a terminal', () => {
    expect(classify(new Error('\u001b[2Jgone'), 'doing').message).toBe('doing: \\x1b[2Jgone');
  });
});
