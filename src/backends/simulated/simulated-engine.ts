import type { CopiedFile } from '../../model/component.ts';
import type { FleetName } from '../../model/names.ts';
import type { BackendHint } from '../backend.ts';
import { type Journal, NO_JOURNAL } from './journal.ts';
import type {
  SimulatedContainer,
  SimulatedForeign,
  SimulatedNetwork,
  SimulatedObject,
} from './simulated-object.ts';

interface Watcher {
  readonly fleet: FleetName;
  readonly onHint: (hint: BackendHint) => void;
}

type Entry =
  | { readonly put: SimulatedObject }
  | { readonly drop: { readonly kind: SimulatedObject['kind']; readonly name: string } };

/**
 * The world that simulated backends act on: a few maps, told to whoever watches. Several backends may share one, as
 * several controllers share an engine; tests reach in to break things by hand.
 */
export class SimulatedEngine {
  readonly #journal: Journal;
  readonly #objects = new Map<string, SimulatedObject>();
  readonly #watchers = new Set<Watcher>();
  readonly #subnets = new Set<string>();
  /** What was put into each container, by path. */
  readonly files = new Map<string, Map<string, CopiedFile>>();
  #ids = 0;

  constructor(journal: Journal = NO_JOURNAL) {
    this.#journal = journal;
    for (const line of journal.read()) this.#replay(JSON.parse(line) as Entry);
  }

  /** An id that no object had before. */
  nextId(): string {
    this.#ids += 1;
    return `sim-${this.#ids}`;
  }

  container(name: string): SimulatedContainer | undefined {
    const object = this.#objects.get(`container ${name}`);
    return object?.kind === 'container' ? object : undefined;
  }

  network(name: string): SimulatedNetwork | undefined {
    const object = this.#objects.get(`network ${name}`);
    return object?.kind === 'network' ? object : undefined;
  }

  foreign(kind: SimulatedForeign['kind'], name: string): SimulatedForeign | undefined {
    const object = this.#objects.get(`${kind} ${name}`);
    return object?.kind === kind ? object : undefined;
  }

  hasImage(name: string): boolean {
    return this.#objects.has(`image ${name}`);
  }

  /** True when a network, ours or not, has this subnet. */
  isSubnetTaken(subnet: string): boolean {
    return this.#subnets.has(subnet);
  }

  /** Everything, in the order in which it was first made. */
  objects(): IteratorObject<SimulatedObject> {
    return this.#objects.values();
  }

  /** Adds or replaces an object and tells of it, unless `quiet`. */
  put(object: SimulatedObject, quiet = false): void {
    this.#write({ put: object });
    if (!quiet) this.hint({ kind: 'look', bottle: bottleOf(object) }, fleetOf(object));
  }

  /** Takes an object away; absent already is fine. */
  drop(object: SimulatedObject, quiet = false): void {
    this.#write({ drop: { kind: object.kind, name: object.name } });
    if (!quiet) this.hint({ kind: 'look', bottle: bottleOf(object) }, fleetOf(object));
  }

  /** Tells watchers of `fleet`; null = all of them. */
  hint(hint: BackendHint, fleet: FleetName | null = null): void {
    for (const watcher of this.#watchers) {
      if (fleet === null || fleet === watcher.fleet) watcher.onHint(hint);
    }
  }

  /** Calls `onHint` at each change that may concern `fleet` until `signal` aborts. */
  watch(fleet: FleetName, onHint: Watcher['onHint'], signal: AbortSignal): void {
    if (signal.aborted) return;
    const watcher = { fleet, onHint };
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => this.#watchers.delete(watcher), { once: true });
  }

  /** Lines that a new engine would be the same from: the journal without its history. */
  snapshot(): readonly string[] {
    return [...this.#objects.values()].map((put) => JSON.stringify({ put } satisfies Entry));
  }

  #write(entry: Entry): void {
    this.#replay(entry);
    if (this.#journal !== NO_JOURNAL) this.#journal.append(JSON.stringify(entry));
  }

  #replay(entry: Entry): void {
    if ('drop' in entry) {
      const key = `${entry.drop.kind} ${entry.drop.name}`;
      const subnet = subnetOf(this.#objects.get(key));
      if (subnet !== null) this.#subnets.delete(subnet);
      this.#objects.delete(key);
      return;
    }
    const { put } = entry;
    this.#objects.set(`${put.kind} ${put.name}`, put);
    const subnet = subnetOf(put);
    if (subnet !== null) this.#subnets.add(subnet);
    if ('id' in put) this.#ids = Math.max(this.#ids, Number(put.id.slice('sim-'.length)));
  }
}

function fleetOf(object: SimulatedObject): FleetName | null {
  return 'spec' in object ? object.spec.identity.fleet : null;
}

function bottleOf(object: SimulatedObject): string | null {
  return 'spec' in object ? object.spec.identity.bottle : null;
}

function subnetOf(object: SimulatedObject | undefined): string | null {
  if (object?.kind === 'network') return object.spec.subnet;
  return object?.kind === 'foreign-network' ? object.subnet : null;
}
