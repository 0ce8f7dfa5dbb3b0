import type { ContainerSpec } from '../../model/component.ts';
import { groupsAround, makeGroups, makeTracked, writableGroups } from './control-groups.ts';
import { chooseLimits, type LimitMethod } from './limit-method.ts';
import { quote } from './quote.ts';
import { inScope, joinScope, userManager } from './user-scope.ts';

type Resources = ContainerSpec['resources'];

/** Where a process is put before it becomes anything, so that all that it starts is there too. */
export interface Place {
  /** In front of its command line. */
  readonly prefix: readonly string[];
  /** Files that it writes its pid to. */
  readonly groups: readonly string[];
}

/** Found out once: it is a property of the machine, and of the unit that we were started in. */
export function limitMethod(): LimitMethod {
  method ??= chooseLimits({ groups: writableGroups(), userManager: userManager() });
  return method;
}

let method: LimitMethod | undefined;

/** Makes the place of a container, with its limits; or, without resources, of what only has to outlive our unit. */
export function makePlace(name: string, resources: Resources | null): Place {
  const by = limitMethod();
  switch (by.kind) {
    case 'groups': {
      const limiting = resources === null ? [] : makeGroups(name, by, resources);
      const tracked =
        by.version === 'v2' && resources !== null ? [] : makeTracked(name, by.version);
      return { prefix: [], groups: [...limiting, ...tracked] };
    }
    case 'scope':
      return { prefix: inScope(name, resources), groups: [] };
    case 'rlimit':
      return { prefix: [], groups: [] };
  }
}

/** Shell commands by which a program joins the place of a container that runs as `pid`. */
export function joinPlace(pid: number): string {
  return `${joinScript(groupsAround(pid))}${joinScope(pid)}`;
}

/**
 * Shell commands by which a program joins them all at once: each is a change that the kernel lets every processor take note of, and changes that overlap wait for
 * that together.
 */
export function joinScript(groups: readonly string[]): string {
  const joins = groups.map((path) => `echo $$ > ${quote(path)} & joining="$joining $!"\n`);
  const wait = 'for one in $joining; do wait "$one" || exit 1; done\n';
  return groups.length === 0 ? '' : `joining=\n${joins.join('')}${wait}`;
}

/**
 * Options of `prlimit`, where nothing limits how many processes the whole sandbox has: a limit for its user namespace.
 * Memory has none there: Node reserves far more than it uses, and does not start under a limit that would mean anything.
 */
export function resourceLimits(resources: Resources): readonly string[] {
  const { controllers } = limitMethod();
  const isLimited = controllers.some((controller) => controller === 'pids');
  return isLimited ? [] : [`--nproc=${resources.pids}`];
}

/** argv in front of what runs in a sandbox; nothing where there is nothing to limit. */
export function limitedBy(
  prlimit: readonly string[],
  options: readonly string[],
): readonly string[] {
  return options.length === 0 ? [] : [...prlimit, ...options, '--'];
}
