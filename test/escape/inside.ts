import { execa } from 'execa';
import { builtProgram } from '../scenario/built-program.ts';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';

/** Runs a program in a bottle as its agent, from standard input, and gives what it printed as JSON. */
export async function inside<Result>(
  fleet: FleetUnderTest,
  program: 'node' | 'python3',
  source: string,
  bottle = 'dev',
): Promise<Result> {
  const argv = program === 'node' ? ['node', '--input-type=module', '-'] : ['python3', '-'];
  const { stdout, stderr, exitCode } = await execa(
    await builtProgram(),
    [...fleet.globals, 'exec', bottle, '--', ...argv],
    {
      cwd: fleet.repository.root,
      env: fleet.environment,
      extendEnv: false,
      reject: false,
      input: source,
    },
  );
  if (exitCode !== 0) throw new Error(`the attack did not run: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}

/** Bytes that are sent on one connection to egress. */
export interface Exchange {
  readonly name: string;
  /** Authority of a CONNECT before them, and the name in the TLS hello; null = no name. */
  readonly tunnel?: {
    readonly target: string;
    readonly host?: string;
    readonly sni?: string | null;
  };
  readonly send: string;
}

/** Sends each exchange from inside the bottle; gives all that came back, by name. */
export function exchangeAll(
  fleet: FleetUnderTest,
  exchanges: readonly Exchange[],
  bottle = 'dev',
): Promise<{ readonly [name: string]: string }> {
  const source = `const exchanges = ${JSON.stringify(exchanges)};\n${PROGRAM}`;
  return inside(fleet, 'node', source, bottle);
}

/** A connection ends when the proxy ends it, or says nothing for a while. */
const PROGRAM = `
import net from 'node:net';
import tls from 'node:tls';
const quiet = (socket, ms) => new Promise((resolve) => {
  let text = '';
  let timer = setTimeout(() => resolve(text), 3000);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    clearTimeout(timer);
    timer = setTimeout(() => resolve(text), ms);
  });
  socket.on('error', (error) => resolve(text + 'ended: ' + error.code));
  socket.on('close', () => resolve(text + 'ended'));
});
const run = async ({ tunnel, send }) => {
  const socket = net.connect(8080, 'egress');
  socket.on('error', () => undefined);
  const bytes = Buffer.from(send, 'latin1');
  if (!tunnel) {
    socket.write(bytes);
    const answer = await quiet(socket, 400);
    socket.destroy();
    return answer;
  }
  const { target, host = target, sni = target.replace(/:\\d+$/, '') } = tunnel;
  socket.write('CONNECT ' + target + ' HTTP/1.1\\r\\nHost: ' + host + '\\r\\n\\r\\n');
  const opened = await new Promise((resolve) => {
    socket.once('data', (chunk) => resolve(chunk.toString('latin1')));
    socket.once('close', () => resolve('closed'));
  });
  if (!opened.startsWith('HTTP/1.1 200')) return opened;
  const secure = tls.connect({ socket, ...(sni === null ? {} : { servername: sni }), rejectUnauthorized: false });
  secure.on('error', () => undefined);
  secure.write(bytes);
  const answer = await quiet(secure, 400);
  socket.destroy();
  return answer;
};
const answers = {};
const queue = [...exchanges];
await Promise.all(Array.from({ length: 32 }, async () => {
  for (let next = queue.shift(); next; next = queue.shift()) answers[next.name] = await run(next);
}));
// More than a pipe holds: what was not taken when a process exits is lost.
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
`;
