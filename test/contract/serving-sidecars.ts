/** Command of sidecars that say `served` where egress would listen: on the socket that they are handed, where they are. */
export const SERVING_SIDECARS = [
  'node',
  '-e',
  `require('node:net').createServer((socket) => socket.on('error', () => undefined).end('served'))
    .listen(process.env.BB_EGRESS_LISTEN ? { fd: Number(process.env.BB_EGRESS_LISTEN.slice(3)) } : 8080);`,
] as const;
