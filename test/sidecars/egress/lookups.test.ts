import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LOOKUP_THREADS } from '../../../src/sidecars/bundle/program-list.ts';

/** A mount and a network of its own, in which the system asks a name server of the test's. */
const NAMESPACES = ['--map-root-user', '--mount', '--net'];
const canHaveNamespaces = spawnSync('unshare', [...NAMESPACES, 'true']).status === 0;
const MODULE = new URL('../../../src/sidecars/egress/resolver.ts', import.meta.url).href;

/** A name server that never says anything of `dead…`, and knows no other name; then the question for one. */
const ASKING = `
  import dgram from 'node:dgram';
  import { writeSync } from 'node:fs';
  import { Resolver } from ${JSON.stringify(MODULE)};
  const UNKNOWN_NAME = [0x81, 0x83];
  const server = dgram.createSocket('udp4');
  server.on('message', (question, { port, address }) => {
    if (question.includes('dead')) return;
    server.send(Buffer.from([...question.subarray(0, 2), ...UNKNOWN_NAME, ...question.subarray(4)]), port, address);
  });
  server.bind(53, '127.0.0.1', async () => {
    const resolver = new Resolver(8_000);
    const ask = (host) => resolver.resolve(host, { hosts: {}, trustedCaPem: [] }, []);
    for (let index = 0; index < 20; index += 1) ask('dead' + index + '.example.test');
    const { kind } = await ask('live.example.test');
    writeSync(1, kind + '\\n');
    // An exit would wait for the threads that wait for names.
    process.kill(process.pid, 'SIGKILL');
  });
`;

test.skipIf(!canHaveNamespaces)(
  'names that nobody answers for keep no other name of their bottle waiting',
  { timeout: 60_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bb-lookups-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const configuration = join(folder, 'resolv.conf');
    writeFileSync(configuration, 'nameserver 127.0.0.1\n');
    const setUp =
      'ip link set lo up && mount --bind "$1" /etc/resolv.conf && exec "$2" --input-type=module -e "$3"';
    const { stdout, stderr } = spawnSync(
      'unshare',
      [...NAMESPACES, 'sh', '-euc', setUp, 'sh', configuration, process.execPath, ASKING],
      { encoding: 'utf8', env: { ...process.env, ...LOOKUP_THREADS }, timeout: 50_000 },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'unknown\n', stderr: '' });
  },
);
