import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FleetName } from '../../model/names.ts';
import type { BackendHint } from '../backend.ts';
import type { EngineConnection } from './engine-connection.ts';
import { LineSplitter } from './lines.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

/** What changes a bottle. The rest is left out: our own sessions and copies are events too. */
const EVENTS = [
  ...['create', 'start', 'die', 'destroy', 'oom', 'pause', 'unpause', 'rename', 'update'],
  ...['connect', 'disconnect', 'remove'],
];

/**
 * Follows the engine's events until `signal` aborts. The engine drops events of a slow reader and forgets old ones, so
 * each reconnection is told as a gap; it ends the stream without a word when it restarts.
 */
export async function watchEvents(
  connection: EngineConnection,
  fleet: FleetName,
  onHint: (hint: BackendHint) => void,
  signal: AbortSignal,
): Promise<void> {
  let delayMs = FIRST_DELAY_MS;
  let connectedBefore = false;
  let failedBefore = false;
  while (!signal.aborted) {
    try {
      const stream = await openEvents(connection, signal);
      if (connectedBefore || failedBefore) onHint({ kind: 'gap', bottle: null });
      connectedBefore = true;
      delayMs = FIRST_DELAY_MS;
      await readEvents(stream, fleet, onHint);
      connection.forget();
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
  fleet: FleetName,
  onHint: (hint: BackendHint) => void,
): Promise<void> {
  const lines = new LineSplitter();
  for await (const chunk of stream) {
    for (const line of lines.take(chunk)) {
      const hint = hintOf(line, fleet);
      if (hint !== null) onHint(hint);
    }
  }
}

/** What one event means for `fleet`; null when it is about something else. */
export function hintOf(line: string, fleet: FleetName): BackendHint | null {
  const attributes = attributesOf(line);
  const prefix = `bb-${fleet}-`;
  if (attributes['bb.fleet'] === fleet) {
    return { kind: 'look', bottle: attributes['bb.bottle'] ?? null };
  }
  return (attributes['name'] ?? '').startsWith(prefix) ? { kind: 'look', bottle: null } : null;
}

function attributesOf(line: string): { readonly [name: string]: string | undefined } {
  try {
    return JSON.parse(line)?.Actor?.Attributes ?? {};
  } catch {
    return {};
  }
}
