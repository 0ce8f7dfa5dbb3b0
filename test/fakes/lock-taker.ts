import { once } from 'node:events';
import { createFleetLock } from '../../src/controller/adapters/fleet-lock.ts';

/** A process that takes the fleet's lock when told to on standard input, says how that went, and keeps what it got. */
const [stateDirectory = ''] = process.argv.slice(2);
const lock = createFleetLock({
  stateDirectory,
  socket: null,
  command: 'lock taker',
  now: () => '2026-01-01T00:00:00Z',
});
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const outcome = await lock.acquire();
process.stdout.write(`${outcome.kind}\n`);
setInterval(() => undefined, 60_000);
