import { isOnPath } from './on-path.ts';

/** The kernel's number of `sendmsg`, which Perl has no name for. */
const SENDMSG: { readonly [architecture: string]: number } = { x64: 46, arm64: 211 };

/** How Node's end of a channel is told of a socket that comes with the message. */
const ANNOUNCEMENT = '{"cmd":"NODE_HANDLE","type":"net.Native","msg":{"port":$port}}';

/**
 * Listens on each port of its arguments, on the loopback that it was started in, and hands the sockets over the channel
 * that Node gave it. It does without modules, whose loading takes longer than all of this.
 */
const IN_PERL = (sendmsg: number) => `
use strict;
my $channel = $ENV{NODE_CHANNEL_FD};
for my $port (@ARGV) {
  socket(my $socket, 2, 1, 0) or die "socket: $!\\n";
  setsockopt($socket, 1, 2, pack('i', 1)) or die "socket: $!\\n";
  bind($socket, pack('S n C4 x8', 2, $port, 127, 0, 0, 1)) or die "port $port: $!\\n";
  listen($socket, 511) or die "port $port: $!\\n";
  my $text = qq(${ANNOUNCEMENT}\\n);
  my $piece = pack('P Q', $text, length $text);
  my $rights = pack('Q i i i x4', 20, 1, 1, fileno $socket);
  my $message = pack('Q L x4 P Q P Q i x4', 0, 0, $piece, 1, $rights, length $rights, 0);
  syscall(${sendmsg}, $channel + 0, $message, 0) == length $text or die "handing over: $!\\n";
}
`;

/** The same where there is no Perl, in ten times the time. */
const IN_NODE = `
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

/** argv of a program that listens on the ports that follow and hands its sockets to Node over its channel. */
export function handOverProgram(path: string | undefined, architecture: string): readonly string[] {
  const sendmsg = SENDMSG[architecture];
  return sendmsg !== undefined && isOnPath('perl', path)
    ? ['perl', '-e', IN_PERL(sendmsg)]
    : [process.execPath, '-e', IN_NODE];
}
