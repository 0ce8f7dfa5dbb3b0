import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FleetName } from '../../model/names.ts';
import type { BackendHint } from '../backend.ts';
import type { EngineConnection } from './engine-connection.ts';
import { LineSplitter } from './lines.ts';
import type { Sessions } from './sessions.ts';
import { settlingHints } from './settling-hints.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

/** Containers that are asked for at once; what ends beside so many is found by the looks that follow anyway. */
const MOST_ASKED = 8;

/** The end of a program in a container, as Docker and as Podman call it. */
const SESSION_ENDS = ['exec_die', 'exec_died'];

/** What changes a bottle, and the ends of sessions. The rest is left out: our own copies are events too. */
const EVENTS = [
  ...['create', 'start', 'die', 'destroy', 'oom', 'pause', 'unpause', 'rename', 'update'],
  ...['connect', 'disconnect', 'remove'],
  ...SESSION_ENDS,
];

/** What the events are read for. */
interface Watched {
  readonly connection: EngineConnection;
  readonly fleet: FleetName;
  readonly sessions: Sessions;
}

/**
 * Follows the engine's events until `signal` aborts. The engine drops events of a slow reader and forgets old ones, so
 * each reconnection is told as a gap; it ends the stream without a word when it restarts.
 */
export async function watchEvents(
  watched: Watched,
  onHint: (hint: BackendHint) => void,
  signal: AbortSignal,
): Promise<void> {
  const tell = settlingHints(onHint, signal);
  let delayMs = FIRST_DELAY_MS;
  let connectedBefore = false;
  let failedBefore = false;
  let asking = 0;
  while (!signal.aborted) {
    try {
      const stream = await openEvents(watched.connection, signal);
      if (connectedBefore || failedBefore) tell({ kind: 'gap', bottle: null });
      connectedBefore = true;
      delayMs = FIRST_DELAY_MS;
      await readEvents(stream, watched, (hint, ended) => {
        tell(hint);
        if (ended === null || asking === MOST_ASKED) return;
        asking += 1;
        void settled(watched.connection, ended, signal).then(() => {
          asking -= 1;
          if (!signal.aborted) onHint(hint);
        });
      });
      watched.connection.forget();
    } catch {
      failedBefore = true;
    }
    await delay(delayMs, undefined, { signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
  }
}

async function openEvents(connection: EngineConnection, signal: AbortSignal): Promise<Readable> {
  return connection.use('following events', async ({ streams }) => {
    const stream = await streams.getEvents({
      // Networks do not carry their labels in events: they are told apart by name.
      filters: { type: ['container', 'network'], event: EVENTS },
      abortSignal: signal,
    });
    return stream as Readable;
  });
}

async function readEvents(
  stream: Readable,
  { fleet, sessions }: Watched,
  onHint: (hint: BackendHint, ended: string | null) => void,
): Promise<void> {
  const lines = new LineSplitter();
  for await (const chunk of stream) {
    for (const line of lines.take(chunk)) {
      const hint = hintOf(line, fleet, (id) => sessions.isAwaited(id));
      if (hint === null) continue;
      const { action, id } = parseEvent(line);
      onHint(hint, action === 'die' ? id : null);
    }
  }
}

/**
 * Resolves when the lists of the engine show that a container ended. It tells so before they do, with nothing to follow
 * (Engine 20.10, a fifth of a second), but asked for the container itself it answers when it is done with it.
 */
async function settled(
  connection: EngineConnection,
  containerId: string,
  abortSignal: AbortSignal,
): Promise<void> {
  await connection
    .use('looking at what ended', ({ calls }) =>
      calls.getContainer(containerId).inspect({ abortSignal }),
    )
    .catch(() => undefined);
}

/**
 * What one event means for `fleet`; null when it is about something else. The end of a session is something only in a
 * container where it is awaited: whoever runs a program there all the time would else cause a pass each time.
 */
export function hintOf(
  line: string,
  fleet: FleetName,
  isAwaited: (containerId: string) => boolean,
): BackendHint | null {
  const { action, id, attributes } = parseEvent(line);
  if (SESSION_ENDS.includes(action) && !isAwaited(id)) return null;
  if (attributes['bb.fleet'] === fleet) {
    return { kind: 'look', bottle: attributes['bb.bottle'] ?? null };
  }
  const prefix = `bb-${fleet}-`;
  const name = attributes['name'] ?? '';
  if (!name.startsWith(prefix)) return null;
  const [, bottle = null] = /^(.+)-(?:int|ext)$/.exec(name.slice(prefix.length)) ?? [];
  return { kind: 'look', bottle };
}

interface EngineEvent {
  readonly action: string;
  readonly id: string;
  readonly attributes: { readonly [name: string]: string | undefined };
}

function parseEvent(line: string): EngineEvent {
  try {
    const { Action, Actor } = JSON.parse(line) ?? {};
    return { action: Action ?? '', id: Actor?.ID ?? '', attributes: Actor?.Attributes ?? {} };
  } catch {
    return { action: '', id: '', attributes: {} };
  }
}
