import { type AddressRange, formatAddress, parseCidr } from './cidr.ts';

/** Addresses of a /28: gateway, sidecars, agent and room for what comes. */
const SUBNET_SIZE = 16;

/** Hands out the lowest free /28 of a pool. Lives as long as one plan, so that no subnet is given twice. */
export class Subnets {
  readonly #taken: readonly AddressRange[];
  readonly #given = new Set<number>();
  readonly #searchFrom = new Map<string, number>();

  /** `inUse` are the CIDRs of all networks of the engine and its host, ours or not; what is not IPv4 is no obstacle. */
  constructor(inUse: readonly string[]) {
    this.#taken = mergeRanges(inUse.flatMap((cidr) => parseCidr(cidr) ?? []));
  }

  /** A CIDR that overlaps nothing, or null when the pool has none left or is not one. */
  take(pool: string): string | null {
    const range = parseCidr(pool);
    if (range === undefined) return null;
    let first = this.#searchFrom.get(pool) ?? range.first;
    while (first + SUBNET_SIZE - 1 <= range.last) {
      const obstacle = this.#obstacleAt(first);
      if (obstacle === undefined) {
        this.#given.add(first);
        this.#searchFrom.set(pool, first + SUBNET_SIZE);
        return `${formatAddress(first)}/28`;
      }
      first = (Math.floor(obstacle / SUBNET_SIZE) + 1) * SUBNET_SIZE;
    }
    this.#searchFrom.set(pool, first);
    return null;
  }

  /** Last address of what lies on the /28 that begins at `first`. */
  #obstacleAt(first: number): number | undefined {
    if (this.#given.has(first)) return first + SUBNET_SIZE - 1;
    const taken = firstEndingAtOrAfter(this.#taken, first);
    return taken !== undefined && taken.first <= first + SUBNET_SIZE - 1 ? taken.last : undefined;
  }
}

function mergeRanges(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const merged: AddressRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous !== undefined && range.first <= previous.last + 1) {
      const last = Math.max(previous.last, range.last);
      merged[merged.length - 1] = { first: previous.first, last };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

function firstEndingAtOrAfter(
  ranges: readonly AddressRange[],
  address: number,
): AddressRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.last ?? 0) < address) low = middle + 1;
    else high = middle;
  }
  return ranges[low];
}
