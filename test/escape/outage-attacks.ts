import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, type TestContext, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { API, type AttackedFleet } from './attacked-fleet.ts';
import { exchangeAll, inside } from './inside.ts';

/** What an agent that tries all the time got, the same answer in a row only once. */
interface Tries {
  /** Through egress, where it is allowed. */
  readonly proxied: readonly string[];
  /** Past egress, to whatever there is. */
  readonly direct: readonly string[];
}

/** Sidecars are back within seconds, on a machine that does other things too within a minute. */
const PATIENCE_MS = 60_000;
const TIMEOUT_MS = 3 * PATIENCE_MS;

/** What gets out while a bottle's sidecars are ended or held, and after. */
export function outageAttacks(attacked: () => AttackedFleet): void {
  describe('while there is no proxy', () => {
    test('nothing gets out when the sidecars are killed, and what is allowed when they are back', {
      timeout: TIMEOUT_MS,
    }, async (context) => {
      await tryDuring(context, 'killed', async (pid) => void process.kill(pid, 'SIGKILL'));
    });

    test('nothing gets out while the sidecars are held, and what is allowed when they go on', {
      timeout: TIMEOUT_MS,
    }, async (context) => {
      await tryDuring(context, 'held', async (pid, noticed) => {
        const held = [pid, ...descendantsOf(pid)];
        for (const one of held) process.kill(one, 'SIGSTOP');
        try {
          await noticed();
        } finally {
          for (const one of held) send(one, 'SIGCONT');
        }
      });
    });

    test('nothing gets out while a bottle is taken down, and what is allowed when it is there again', async () => {
      const { fleet, place, arrived, machine } = attacked();
      const agents = 'desired-state/agents/dev.yaml';
      const before = await fleet.repository.git('show', `HEAD:${agents}`);
      const targets = [...machine.addresses, place.address, '192.0.2.77'];
      const program = `${settings({ outage: 'down', mark: '/tmp/noticed-down', targets, port: machine.port })}${TRYING}`;
      const visits = machine.visits();
      const ended = inside(fleet, 'node', program, 'other').catch(String);
      await eventually(
        'the agent got through',
        () => arrived.some(({ line }) => line.includes('/public/down')) || undefined,
        20_000,
      );
      await fleet.repository.commit({ [agents]: before.replace(', {name: other}', '') });
      await fleet.done('reconcile');
      expect(await ended).toContain('the attack did not run');
      expect(machine.visits()).toBe(visits);
      await fleet.repository.commit({ [agents]: before });
      await fleet.done('reconcile');
      const send = `GET /public/again HTTP/1.1\r\nHost: ${API}\r\n\r\n`;
      const exchange = { name: 'again', tunnel: { target: API }, send };
      const { again } = await exchangeAll(fleet, [exchange], 'other');
      expect(again).toMatch(/^HTTP\/1\.1 200 /);
    }, 120_000);

    async function tryDuring(
      context: TestContext,
      outage: string,
      cause: (sidecars: number, noticed: () => Promise<unknown>) => Promise<void>,
    ): Promise<void> {
      const { fleet, place, arrived, machine } = attacked();
      const pid = await place.sidecarsPid(fleet, 'dev');
      if (pid === null) return context.skip('gVisor’s processes are not this machine’s');
      const targets = [...machine.addresses, place.address, '192.0.2.77'];
      const mark = `/tmp/noticed-${outage}`;
      const program = `${settings({ outage, mark, targets, port: machine.port })}${TRYING}`;
      const tries = inside<Tries>(fleet, 'node', program);
      // The first was answered when the second comes.
      await eventually(
        'the agent got through twice',
        () =>
          arrived.filter(({ line }) => line.includes(`/public/${outage}`)).length > 1 || undefined,
        PATIENCE_MS,
      );
      const noticed = () =>
        eventually(
          'the agent noticed',
          async () =>
            (await fleet.bb('exec', 'dev', '--', 'cat', mark)).exitCode === 0 || undefined,
          PATIENCE_MS,
        );
      await cause(pid, noticed);
      const { proxied, direct } = await tries;
      expect(direct).toEqual(['nothing']);
      expect(proxied[0]).toBe('200');
      expect(proxied.length).toBeGreaterThan(2);
      expect(proxied.at(-1)).toBe('200');
      expect(proxied.filter((one) => !['200', 'nothing'].includes(one))).toEqual([]);
    }
  });
}

function settings(values: { readonly [name: string]: unknown }): string {
  return Object.entries(values)
    .map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`)
    .join('');
}

/** Tries both ways until it was without the one and has it again. */
const TRYING = `
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
const within = (promise, ms) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, 'nothing'))]);
const opened = (options, then) => {
  const { promise, resolve } = Promise.withResolvers();
  const socket = net.connect(options);
  socket.on('error', () => resolve('nothing'));
  socket.on('close', () => resolve('nothing'));
  socket.on('connect', () => then(socket, resolve));
  return within(promise, 1000).finally(() => socket.destroy());
};
const reach = (host, port) => opened({ host, port }, (_, resolve) => resolve('reached ' + host));
const direct = () => Promise.all(targets.flatMap((host) => [reach(host, port), reach(host, 8443)]));
const proxied = () => opened({ host: 'egress', port: 8080 }, (socket, resolve) => {
  socket.write('CONNECT ${API} HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n');
  socket.once('data', () => {
    const secure = tls.connect({ socket, servername: 'api.example.test', rejectUnauthorized: false });
    secure.on('error', () => resolve('nothing'));
    secure.once('data', (chunk) => resolve(chunk.toString().slice(9, 12)));
    secure.write('GET /public/' + outage + ' HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n');
  });
});
const found = { proxied: [], direct: [] };
const note = (list, one) => { if (list.at(-1) !== one) list.push(one); };
const deadline = Date.now() + ${PATIENCE_MS};
while (Date.now() < deadline && (found.proxied.length < 3 || found.proxied.at(-1) !== '200')) {
  for (const one of await direct()) note(found.direct, one);
  note(found.proxied, await proxied());
  if (found.proxied.at(-1) !== '200') fs.writeFileSync(mark, '');
}
console.log(JSON.stringify(found));
process.exit(0);
`;

function descendantsOf(pid: number): readonly number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    const parent = /^\d+$/.test(name) ? parentOf(name) : null;
    return parent === null ? [] : [{ pid: Number(name), parent }];
  });
  const below = (of: number): readonly number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((one) => [one.pid, ...below(one.pid)]);
  return below(pid);
}

function parentOf(pid: string): number | null {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return null;
  }
}

/** A process may be gone by now. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is.
  }
}
