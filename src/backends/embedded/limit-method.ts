/** What can be limited of a sandbox as a whole. */
export const CONTROLLERS = ['memory', 'pids', 'cpu'] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** What was found out by trying; null = not there at all. */
export interface LimitFacts {
  /** Control groups that we may make and set. */
  readonly groups: {
    readonly version: 'v1' | 'v2';
    readonly controllers: readonly Controller[];
  } | null;
  /** Scopes of the user's systemd, and what it was given to limit them by. */
  readonly userManager: { readonly controllers: readonly Controller[] } | null;
}

/** How this machine lets us limit a sandbox, and keep it when the unit that we are in is stopped. */
export type LimitMethod =
  | {
      readonly kind: 'groups';
      readonly version: 'v1' | 'v2';
      readonly controllers: readonly Controller[];
    }
  | { readonly kind: 'scope'; readonly controllers: readonly Controller[] }
  | { readonly kind: 'rlimit'; readonly controllers: readonly [] };

/**
 * Whoever limits most. Of equals, groups: they are written in no time, where a scope is asked for. A scope that limits
 * nothing is still a scope, in which a sandbox goes on when our own unit is stopped.
 */
export function chooseLimits({ groups, userManager }: LimitFacts): LimitMethod {
  const byGroups = groups?.controllers.length ?? 0;
  const byScope = userManager?.controllers.length ?? 0;
  if (groups !== null && byGroups > 0 && byGroups >= byScope) return { kind: 'groups', ...groups };
  if (userManager !== null) return { kind: 'scope', controllers: userManager.controllers };
  return { kind: 'rlimit', controllers: [] };
}

/** What the method leaves without a limit; processes are then limited by their number for the user namespace. */
export function unlimited({ controllers }: LimitMethod): readonly Controller[] {
  const known: readonly Controller[] = controllers;
  return CONTROLLERS.filter((controller) => controller !== 'pids' && !known.includes(controller));
}

/** For people: `cgroup v1`, `rlimit (memory and cpu are not limited)`. */
export function limitWords(method: LimitMethod): string {
  const missing = unlimited(method);
  const without = missing.length === 0 ? '' : ` (${missing.join(' and ')} not limited)`;
  switch (method.kind) {
    case 'groups':
      return `cgroup ${method.version}${without}`;
    case 'scope':
      return `a systemd user slice${without}`;
    case 'rlimit':
      return `rlimit${without}`;
  }
}
