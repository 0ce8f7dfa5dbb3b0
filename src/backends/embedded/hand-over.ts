/**
 * Where there is no launcher: listens on each port of its arguments, on the loopback that it was started in, and hands the
 * sockets over the channel that Node gave it.
 */
const HAND_OVER = `
const { createServer } = require('node:net');
const ports = process.argv.slice(1).map(Number);
const next = () => {
  const port = ports.shift();
  if (port === undefined) return process.disconnect();
  const server = createServer();
  server.on('error', (error) => { console.error(error.message); process.exit(1); });
  server.listen({ host: '127.0.0.1', port }, () => process.send({ port }, server._handle, () => { server.close(); next(); }));
};
next();
`;

/** In front of the ports. */
export const HAND_OVER_ARGV = [process.execPath, '-e', HAND_OVER] as const;
