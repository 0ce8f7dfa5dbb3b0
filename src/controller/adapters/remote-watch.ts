import type { Clock, Random } from '../../model/clock.ts';
import { nextDelayMs } from '../backoff.ts';
import type { RemoteSettings } from '../host-config.ts';
import type { Secrets } from '../ports/secrets.ts';
import { createWorkQueue, type WorkOutcome } from '../work-queue.ts';
import type { FollowedRemote } from './followed-remote.ts';
import { serveWebhook } from './webhook.ts';

/** A remote that is down is asked this often at least, so that what waits for it does not wait long after. */
const LONGEST_MS = 60_000;

/**
 * Looks at the remote at its poll interval, with jitter, at each webhook, and ever more rarely while it does not answer.
 * `onHint` is called when it comes back or is lost; a branch that moved is told by the mirror's own watch. Resolves
 * when the webhook listens; ends when `signal` aborts.
 */
export async function followWhileWatched(
  followed: FollowedRemote,
  ports: {
    readonly remote: RemoteSettings;
    readonly secrets: Pick<Secrets, 'values'>;
    readonly clock: Clock;
    readonly random: Random;
    readonly onHint: () => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { remote, clock, random, signal } = ports;
  let failures = 0;
  const work = async (): Promise<WorkOutcome> => {
    const wasDown = followed.state().unreachable !== null;
    const looked = await followed.look();
    failures = looked.ok ? 0 : failures + 1;
    if (wasDown === looked.ok || followed.problem() !== null) ports.onHint();
    const requeueAfterMs = looked.ok
      ? remote.pollMs * (0.9 + 0.2 * random.next())
      : Math.min(nextDelayMs(failures, random.next()), Math.max(remote.pollMs, LONGEST_MS));
    return { kind: 'done', requeueAfterMs };
  };
  const queue = createWorkQueue<'remote'>({ work, clock, random });
  const look = () => queue.add('remote');
  signal.addEventListener('abort', () => void queue.close(), { once: true });
  if (remote.webhook !== null) await serveWebhook(remote.webhook, { ...ports, onPush: look });
  look();
}
