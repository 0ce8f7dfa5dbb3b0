import { egressState } from '../../model/egress-state.ts';
import type { EgressStatus } from '../../model/sidecar.ts';
import type { ReadInput } from '../input-folder.ts';
import { blockList } from './address-policy.ts';
import { compileTable, type RouteTable } from './route-table.ts';
import { generationOf, parseSecrets, parseTable } from './table-text.ts';

/** What the status says of the table. */
export type TableStatus = Omit<
  EgressStatus,
  'sidecar' | 'instance' | 'startedAt' | 'caPem' | 'port'
>;

/** The table in force. A new one is read and checked completely, then takes the place of the old one in one step. */
export class EnforcedTable {
  readonly #hasSecondGate: boolean;
  #current: RouteTable | null = null;
  #loadedAt: string | null = null;
  #refusal: { readonly error: string; readonly generation: number | null } | null = null;

  /** `hasSecondGate`: a table that wants one is refused where there is none, since half of its guard would be missing. */
  constructor(hasSecondGate = false) {
    this.#hasSecondGate = hasSecondGate;
  }

  get current(): RouteTable | null {
    return this.#current;
  }

  /** Loads one generation; a refused one leaves the table before it in force. Gives whether the table changed. */
  load(read: ReadInput, now: string): boolean {
    let generation: number | null = null;
    try {
      const text = read('table.json');
      generation = generationOf(text);
      const table = parseTable(text);
      if (table.pipelockConfig !== undefined && !this.#hasSecondGate) {
        throw new Error('the table wants pipelock, which these sidecars do not have');
      }
      for (const { addresses } of table.routes) blockList(addresses);
      this.#current = compileTable(table, parseSecrets(read('secrets.json'), table));
      this.#loadedAt = now;
      this.#refusal = null;
      return true;
    } catch (error) {
      this.#refusal = { error: describe(error), generation };
      return false;
    }
  }

  /** At an instant: what has ended lets nothing pass. */
  status(nowMs: number): TableStatus {
    const table = this.#current?.table;
    return {
      state: egressState(table, nowMs),
      generation: table?.generation ?? 0,
      tableHash: table?.hash ?? null,
      loadedAt: this.#loadedAt,
      error: this.#refusal?.error ?? null,
      refusedGeneration: this.#refusal?.generation ?? null,
      routes: table?.routes ?? [],
      allowlist: table?.allowlist ?? [],
      ...(table?.deny === undefined ? {} : { deny: table.deny }),
      secrets: table?.secrets ?? {},
      ...(table?.pipelockConfig === undefined ? {} : { pipelockConfig: table.pipelockConfig }),
    };
  }

  /** The next instant at which a route or an entry expires, or null. */
  nextExpiryMs(nowMs: number): number | null {
    const { routes = [], allowlist = [] } = this.#current?.table ?? {};
    const instants = [...routes, ...allowlist]
      .map(({ expires }) => (expires === null ? Number.NaN : Date.parse(expires)))
      .filter((instant) => instant > nowMs);
    return instants.length === 0 ? null : Math.min(...instants);
  }
}

/** A syntax error of V8 quotes the text it is about, which may be a secret. */
function describe(error: unknown): string {
  if (error instanceof SyntaxError) {
    return error.message.startsWith('Invalid regular expression')
      ? 'a regular expression of the table is not valid'
      : 'a file is not valid JSON';
  }
  return error instanceof Error ? error.message : String(error);
}
