import type { Log } from '../../json-log.ts';
import type { AllowedRequest, ExchangeInspection, Inspection } from '../inspection.ts';
import type { RouteTable } from '../route-table.ts';
import { CleanHeads } from './clean-heads.ts';
import { CredentialMask } from './credential-mask.ts';
import type { HeldRequests } from './held-requests.ts';
import { InspectedExchange } from './inspected-exchange.ts';
import { KnownSecrets } from './known-secrets.ts';
import { Scanner } from './scanner.ts';
import { Turns } from './turns.ts';

export interface DlpInspectionOptions {
  readonly held: HeldRequests;
  readonly log: Log;
}

interface Prepared {
  readonly versions: string;
  readonly scanner: Scanner;
  readonly mask: CredentialMask;
}

/** Data loss prevention: looks into the requests of every route that declares it, and into their answers. */
export class DlpInspection implements Inspection {
  readonly #options: DlpInspectionOptions;
  readonly #turns = new Turns();
  #prepared: Prepared | null = null;
  #table: RouteTable | null = null;
  #cleanHeads = new CleanHeads();

  constructor(options: DlpInspectionOptions) {
    this.#options = options;
  }

  open({ request, route, table }: AllowedRequest): ExchangeInspection | null {
    if (route === null || route.dlp === null) return null;
    const { scanner, mask } = this.#prepare(table);
    if (this.#table !== table) this.#cleanHeads = new CleanHeads();
    this.#table = table;
    return new InspectedExchange({
      ...this.#options,
      request,
      pattern: route.host,
      dlp: route.dlp,
      scanner,
      mask,
      cleanHeads: this.#cleanHeads,
      turns: this.#turns,
    });
  }

  /** What is searched for is compiled once for each set of secrets, when the first request needs it. */
  #prepare({ table, secrets }: RouteTable): Prepared {
    const versions = JSON.stringify(Object.entries(table.secrets).sort());
    if (this.#prepared?.versions !== versions) {
      this.#prepared = {
        versions,
        scanner: new Scanner(new KnownSecrets(secrets)),
        mask: new CredentialMask(secrets),
      };
    }
    return this.#prepared;
  }
}
