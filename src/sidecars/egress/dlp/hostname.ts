import { bitsPerCharacter } from './entropy.ts';
import type { Finding } from './finding.ts';

/** Labels of this length together carry more than a name; those of content networks are shorter. */
const MOST_RANDOM = 48;
const SHORTEST_LABEL = 16;
const LEAST_BITS = 3;

/**
 * Names below a wildcard that carry data: whoever answers for the domain reads every one that is asked for. `pattern` is
 * the host that the rule names; an exact one leaves no room for data.
 */
export function findHostTunnel(host: string, pattern: string): readonly Finding[] {
  if (!pattern.startsWith('*.')) return [];
  const free = host.slice(0, -(pattern.length - 1)).split('.');
  const random = free.filter(looksRandom).reduce((sum, { length }) => sum + length, 0);
  if (random < MOST_RANDOM) return [];
  return [{ detector: 'hostname_tunnel', rule: 'random-labels', range: null }];
}

function looksRandom(label: string): boolean {
  return (
    label.length >= SHORTEST_LABEL && /\d/.test(label) && bitsPerCharacter(label) >= LEAST_BITS
  );
}
