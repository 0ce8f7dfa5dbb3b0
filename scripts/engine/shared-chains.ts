import { execFileSync } from 'node:child_process';

const CHAINS = ['DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION-STAGE-2'] as const;

/** Chains of the packet filter that engines before 28 insist on and that are there now. */
export function chainsOfOthers(): readonly string[] {
  return CHAINS.filter((chain) => succeeds(['-S', chain]));
}

/**
 * Makes chains again that a newer engine removed when it started: without them an older one beside it cannot make
 * networks any more ("No chain/target/match by that name").
 */
export function restoreChains(chains: readonly string[]): void {
  for (const chain of chains) {
    if (succeeds(['-S', chain])) continue;
    succeeds(['-N', chain]);
    succeeds(['-A', chain, '-j', 'RETURN']);
    if (chain === CHAINS[0]) succeeds(['-I', 'FORWARD', '-j', chain]);
  }
}

function succeeds(args: readonly string[]): boolean {
  try {
    execFileSync('iptables', ['--wait', ...args], {
      stdio: 'ignore',
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    return true;
  } catch {
    return false;
  }
}
