import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { ProposalView } from '../controller/api.ts';
import { coversHost, parseHost } from '../model/host-name.ts';
import { sanitizeLine } from '../model/sanitize.ts';

export interface ProposalFilter {
  readonly field: 'bottle' | 'tool' | 'host';
  readonly value: string;
}

/** Reads `bottle=dev`, `tool=egress-block` or `host=*.example.com`, after those that came before it. */
export function parseFilter(
  raw: string,
  before: readonly ProposalFilter[] = [],
): readonly ProposalFilter[] {
  const [, field, value = ''] = /^(bottle|tool|host)=(\S+)$/.exec(raw) ?? [];
  if (field !== 'bottle' && field !== 'tool' && field !== 'host') {
    throw new InvalidArgumentError('Use bottle=<slug>, tool=<tool> or host=<name or *.name>.');
  }
  return [...before, { field, value: field === 'host' ? hostOf(value) : value.toLowerCase() }];
}

/** As proposals have it: lower-case A-labels. */
function hostOf(raw: string): string {
  const parsed = parseHost(raw, { wildcard: true });
  if (parsed.ok) return parsed.host;
  throw new InvalidArgumentError(`"${sanitizeLine(raw, 60)}" ${parsed.problem}.`);
}

/** True when every filter holds. */
export function passes({ proposal }: ProposalView, filters: readonly ProposalFilter[]): boolean {
  const { bottle, request } = proposal;
  return filters.every(({ field, value }) => {
    if (field === 'bottle') return bottle === value;
    if (field === 'tool') return request.tool === value;
    return 'host' in request && coversHost(value, request.host);
  });
}
