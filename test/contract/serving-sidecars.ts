/** The socket that they are handed, where they are; else where egress would listen. */
const LISTENING = `listen(process.env.BB_EGRESS_LISTEN ? { fd: Number(process.env.BB_EGRESS_LISTEN.slice(3)) } : 8080)`;

/** Command of sidecars that say `served` where egress would listen. */
export const SERVING_SIDECARS = [
  'node',
  '-e',
  `require('node:net').createServer((socket) => socket.on('error', () => undefined).end('served'))
    .${LISTENING};`,
] as const;

/** The same with the text of `/bb/in/table`: to whoever comes, and after a SIGHUP the new one to whoever stayed. */
export const RELOADING_SIDECARS = [
  'node',
  '-e',
  `const table = () => require('node:fs').readFileSync('/bb/in/table', 'utf8') + '\\n';
    const open = new Set();
    let loaded = table();
    process.on('SIGHUP', () => {
      loaded = table();
      for (const socket of open) socket.write(loaded);
    });
    require('node:net').createServer((socket) => {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => open.delete(socket)).write(loaded);
    }).${LISTENING};`,
] as const;
