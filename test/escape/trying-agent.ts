import type { AttackedFleet } from './attacked-fleet.ts';
import { API } from './attacked-upstreams.ts';

/** What an agent that tries all the time got, the same answer in a row only once. */
export interface Tries {
  /** Through egress, where it is allowed. */
  readonly proxied: readonly string[];
  /** Past egress, to whatever there is. */
  readonly direct: readonly string[];
}

/** Sidecars are back within seconds, on a machine that does other things too within a minute. */
export const PATIENCE_MS = 60_000;

/** Tries both ways until it got through egress, and before that saw so many answers; `mark` is there once it did not. */
export function tryingAgent(
  { machine, place }: Pick<AttackedFleet, 'machine' | 'place'>,
  name: string,
  leastAnswers: number,
): string {
  const settings = {
    name,
    leastAnswers,
    mark: markOf(name),
    targets: [...machine.addresses, place.address, '192.0.2.77'],
    port: machine.port,
  };
  const lines = Object.entries(settings).map(
    ([key, value]) => `const ${key} = ${JSON.stringify(value)};\n`,
  );
  return lines.join('') + TRYING;
}

/** Which file tells that `name` got nowhere. */
export function markOf(name: string): string {
  return `/tmp/noticed-${name}`;
}

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
    secure.write('GET /public/' + name + ' HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n');
  });
});
const found = { proxied: [], direct: [] };
const note = (list, one) => { if (list.at(-1) !== one) list.push(one); };
const deadline = Date.now() + ${PATIENCE_MS};
let isOver = false;
// Beside one another: an outage may be over before an address that nobody has was given up.
const past = (async () => {
  while (!isOver) {
    for (const one of await direct()) note(found.direct, one);
    // Refusals come at once, and the other way shares this processor.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
})();
while (Date.now() < deadline && (found.proxied.length < leastAnswers || found.proxied.at(-1) !== '200')) {
  note(found.proxied, await proxied());
  if (found.proxied.at(-1) !== '200') fs.writeFileSync(mark, '');
}
isOver = true;
await past;
console.log(JSON.stringify(found));
process.exit(0);
`;
