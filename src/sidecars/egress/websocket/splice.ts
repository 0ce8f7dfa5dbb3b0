import type { Socket } from 'node:net';
import type { BareConnection } from '../exchange.ts';

/** Passes bytes both ways, each only as fast as the other side takes them, until either ends. */
export function splice(
  agent: BareConnection,
  upstream: BareConnection,
  silentMs: number,
  onEnd: () => void,
): void {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    agent.socket.destroy();
    upstream.socket.destroy();
    onEnd();
  };
  for (const { socket } of [agent, upstream]) {
    socket.on('error', end).once('close', end);
    socket.setTimeout(silentMs, end);
  }
  pour(agent, upstream.socket);
  pour(upstream, agent.socket);
}

function pour({ socket: from, head }: BareConnection, to: Socket): void {
  if (head.length > 0) to.write(head);
  // What was sent before the end still arrives; then the other side ends too.
  from.pipe(to);
}
