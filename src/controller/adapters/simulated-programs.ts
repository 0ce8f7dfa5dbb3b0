import type { ExecRequest, ExecResult } from '../../backends/backend.ts';
import type { ComponentRef } from '../../model/component.ts';
import { KNOWN_PROVIDERS } from '../../model/providers/provider-of.ts';
import { PROBE_SCRIPT } from '../isolation-script.ts';
import { NO_SESSIONS, PACKS_SESSIONS } from '../kept-sessions.ts';

/** What the probe reports from a bottle that is as it should be. */
const ISOLATED = [
  'tool found',
  'route4 none',
  'route6 none',
  'address6 none',
  'egress open',
  'neighbour 192.0.2.1 silent',
  'ca readable',
  'store trusts',
  'end',
];

/**
 * Programs of simulated containers: the probe finds the bottle isolated, a provider's program is the version that it was
 * tried with, everything else succeeds silently.
 */
export function runSimulated(_ref: ComponentRef, request: ExecRequest): ExecResult {
  if (request.stdin?.startsWith(PACKS_SESSIONS) === true) {
    return { exitCode: NO_SESSIONS, stdout: '', stderr: '', truncated: false };
  }
  const isProbe = request.stdin?.endsWith(PROBE_SCRIPT) === true;
  const stdout = isProbe ? `${ISOLATED.join('\n')}\n` : versionOf(request.argv);
  return { exitCode: 0, stdout, stderr: '', truncated: false };
}

function versionOf(argv: readonly string[]): string {
  if (argv.at(-1) !== '--version') return '';
  const known = Object.values(KNOWN_PROVIDERS).map(({ provider }) => provider.program);
  return `${known.find((program) => program?.name === argv.at(-2))?.tried ?? ''}\n`;
}
