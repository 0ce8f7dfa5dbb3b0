import { describe, expect, it } from 'vitest';
import { pidsLimit } from '../../../src/backends/docker/gvisor.ts';
import { runtimeName } from '../../../src/model/component.ts';
import { sharesFiles } from '../../contract/backend-under-test.ts';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../../engines/docker-under-test.ts';

const engine = await dockerUnderTest();

if (engine.kind === 'none') describe.skip(`docker: hardening (${engine.reason})`);
else {
  const { under, docker } = engine;
  describe('docker: hardening', () => {
    it('the agent is a plain user without capabilities, privileges to gain or the engine in sight', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const look = `id -u; ulimit -c
for name in CapBnd CapEff NoNewPrivs Seccomp; do grep "^$name:" /proc/self/status | tr -d '\\t'; done
ls /run/docker.sock /dev/mem /dev/kmsg /dev/vda 2>/dev/null | wc -l`;
      expect((await shell(backend, bottle.ref('agent'), look)).split('\n')).toEqual([
        '1000',
        '0',
        'CapBnd:0000000000000000',
        'CapEff:0000000000000000',
        'NoNewPrivs:1',
        under.runtime === 'runsc' ? 'Seccomp:0' : 'Seccomp:2',
        '0',
      ]);
    });

    it('root in the bottle, if somebody became it, has no capability either', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const result = await backend.exec(bottle.ref('agent'), {
        argv: ['grep', '-c', '^CapEff:\t0000000000000000$', '/proc/self/status'],
        user: { uid: 0, gid: 0 },
        timeoutMs: 5_000,
      });
      expect(result.stdout).toBe('1\n');
    });

    it('the root of the sidecars is read-only, their tmpfs is not and runs nothing', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const look = `touch /x 2>/dev/null || echo refused; touch /tmp/x && echo written
printf '#!/bin/sh\\necho ran\\n' > /tmp/run; chmod +x /tmp/run; /tmp/run 2>/dev/null || echo 'not run'`;
      expect(await shell(backend, bottle.ref('sidecars'), look)).toBe('refused\nwritten\nnot run');
      const writes = 'touch /tmp/x && echo written';
      expect(await shell(backend, bottle.ref('agent'), writes)).toBe('written');
    });

    it('processes, memory and logs are bounded', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const { HostConfig } = await docker.getContainer(runtimeName(bottle.ref('agent'))).inspect();
      expect(HostConfig).toMatchObject({
        Memory: 268435456,
        MemorySwap: 268435456,
        NanoCpus: 1e9,
        PidsLimit: pidsLimit(64, under.runtime),
        Privileged: false,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        Init: true,
        IpcMode: 'private',
        PublishAllPorts: false,
        RestartPolicy: { Name: 'no' },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      });
    });

    it.skipIf(under.runtime === 'runsc')('a fork bomb ends at the bound', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const result = await backend.exec(bottle.ref('agent'), {
        argv: ['bash', '-s'],
        stdin: 'for i in $(seq 100); do sleep 2 & done',
        user: null,
        timeoutMs: 20_000,
      });
      expect(result.stderr).toContain('Resource temporarily unavailable');
    });

    it('a signal through the API does not turn anything else off', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const made = await docker.getContainer(runtimeName(bottle.ref('agent'))).inspect();
      expect(made.Config).toMatchObject({ StopSignal: 'SIGTERM' });
    });

    it.runIf(sharesFiles(under))('a snapshot holds no value of the environment', async () => {
      const reference = `bb/test-snapshot:${runtimeName(bottleUnderTest(under).ref('agent')).slice(3, 12)}`;
      await using bottle = bottleUnderTest(under, 'dev', { env: { TOKEN: 's3cr3t-value' } });
      const backend = under.open();
      await bottle.up(backend);
      expect(await shell(backend, bottle.ref('agent'), 'echo $TOKEN')).toBe('s3cr3t-value');
      await backend.snapshot(bottle.ref('agent'), reference);
      const image = docker.getImage(reference);
      const said = JSON.stringify([await image.inspect(), await image.history()]);
      await image.remove();
      expect(said).toContain('PATH=');
      expect(said).not.toContain('s3cr3t');
    });
  });
}
