import type { ExecResult } from '../backends/backend.ts';
import { EGRESS_PORT } from '../model/sidecar.ts';
import { AGENT_TRUST_PATH } from '../model/state-layout.ts';
import { PROBE_SCRIPT } from './isolation-script.ts';

/**
 * What a probe found. `reason` is for people. `mayPass`: nothing was seen that must not be, what should be there was
 * not, such as sidecars that were ended meanwhile: worth another try.
 */
export type IsolationVerdict =
  | { readonly proven: true }
  | { readonly proven: false; readonly reason: string; readonly mayPass: boolean };

/** What else to try from inside, and what must work. All have defaults. */
export interface IsolationTargets {
  /** Addresses that must not answer, beside every other one of the bottle's own network. */
  readonly forbidden: readonly { readonly address: string; readonly port: number }[];
  /** Name of the sidecars in `/etc/hosts`. */
  readonly sidecarsName: string;
  readonly egressPort: number;
  readonly caPath: string;
}

const DEFAULTS: IsolationTargets = {
  forbidden: [],
  sidecarsName: 'egress',
  egressPort: EGRESS_PORT,
  caPath: `${AGENT_TRUST_PATH}/ca.pem`,
};

/**
 * A script for `sh -s` in the agent, as the agent's user: one run of about a tenth of a second, every wait bounded. It
 * only reports; `judgeIsolation` decides.
 *
 * That the way to egress is open is more than a convenience: it shows that the method sees what answers. An address of
 * the host would at least refuse, which is an answer; an address that nobody has is silent.
 */
export function isolationProbe(targets: Partial<IsolationTargets> = {}): string {
  const { forbidden, sidecarsName, egressPort, caPath } = { ...DEFAULTS, ...targets };
  const settings = [
    `sidecars_name=${quote(sidecarsName)}`,
    `egress_port=${egressPort}`,
    `ca=${quote(caPath)}`,
    `forbidden=${quote(forbidden.map(({ address, port }) => `${address}:${port}`).join(' '))}`,
  ];
  return `${settings.join('\n')}\n${PROBE_SCRIPT}`;
}

/** Fails closed: a line that is missing or not understood proves nothing. */
export function judgeIsolation(output: ExecResult): IsolationVerdict {
  const facts = output.stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const valuesOf = (name: string) =>
    facts.filter(([key]) => key === name).map(([, ...rest]) => rest);
  const no = (reason: string) => ({ proven: false, reason, mayPass: false }) as const;
  const notYet = (reason: string) => ({ proven: false, reason, mayPass: true }) as const;
  if (output.exitCode !== 0 || valuesOf('end').length !== 1) {
    return notYet(`the probe did not end as it should (exit code ${output.exitCode})`);
  }
  if (valuesOf('tool')[0]?.[0] !== 'found') {
    return no('the image has neither bash nor node to probe with');
  }
  if (valuesOf('route6')[0]?.[0] !== 'none') return no('the agent has a default route for IPv6');
  // It finds whoever is on its link by ff02::1, the host's bridge too, and theirs are too many addresses to try.
  const address6 = valuesOf('address6')[0]?.[0] ?? 'unknown';
  if (address6 !== 'none') return no(`the agent has an address for IPv6 (${address6})`);
  if (valuesOf('egress')[0]?.[0] !== 'open') return notYet('the agent does not reach egress');
  const neighbours = valuesOf('neighbour');
  // A bottle of nothing but a loopback has no neighbour to try, and none to reach.
  const isAlone = valuesOf('interfaces')[0]?.[0] === 'none';
  if (neighbours.length === 0 && !isAlone) {
    return no('no address of the network could be tried');
  }
  const answering = [...neighbours, ...valuesOf('forbidden')].find(
    ([, state]) => state !== 'silent',
  );
  if (answering !== undefined) {
    return no(
      `${answering[0] ?? 'an address'} beside the sidecars answers (${answering[1] ?? '?'})`,
    );
  }
  // Engine 20.10 sets a default route in internal networks too: it leads nowhere when its gateway is silent.
  const gateway = valuesOf('route4')[0]?.[0] ?? 'unknown';
  if (gateway !== 'none' && !neighbours.some(([address]) => address === gateway)) {
    return no(`the agent has a default route through ${gateway}`);
  }
  const resolving = valuesOf('dns').find(([, state]) => state !== 'silent');
  if (resolving !== undefined)
    return no(`the resolver ${resolving[0] ?? ''} answers for names outside`);
  if (valuesOf('ca')[0]?.[0] !== 'readable') return no(`the bottle's certificate cannot be read`);
  if (valuesOf('store')[0]?.[0] !== 'trusts') {
    return no(`the system's certificate store does not hold the bottle's certificate`);
  }
  return { proven: true };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
