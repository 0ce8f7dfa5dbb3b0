import { readFileSync } from 'node:fs';
import { STAGE_OPTIONS } from './staging.ts';
import { type Start, wayIn } from './start.ts';

type Item = readonly [key: string, values: readonly (string | number)[]];

/**
 * What a launcher is asked for, an item each: `key=value`, lists as several of a key. Nothing in it is secret: the
 * environment of what runs inside is in the file of bubblewrap's arguments.
 */
export function startItems(start: Start): readonly string[] {
  const { user, place, listening, env, staging, files } = start;
  const items: readonly Item[] = [
    ['nothing', ['/dev/null']],
    ...Object.entries(files).map(([key, path]): Item => [key, [path]]),
    ['env', Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`)],
    ['group', place.groups],
    ['user', user === null ? [] : [user.uid, user.gid]],
    ...(staging === null ? [] : stagingItems(staging)),
    ...(listening === null ? [] : listeningItems(listening)),
    ...programItems(start),
  ];
  return items.flatMap(([key, values]) => values.map((value) => item(key, String(value))));
}

/** The launcher makes or enters the namespaces where it can, else it becomes a program that does. */
function programItems({ place: { prefix }, within, argv, keeper }: Start): readonly Item[] {
  if (prefix.length > 0) return [['argv', [...prefix, ...wayIn(within), ...argv]]];
  if (within !== null)
    return [
      ['within', [within]],
      ['argv', argv],
    ];
  if (isConfined()) return [['argv', [...wayIn(null), ...argv]]];
  const own: Item = ['own', [1]];
  return keeper === null ? [own, ['argv', argv]] : [own, ['keep', ['network']], ['argv', keeper]];
}

function stagingItems({
  places,
  mounts,
  folder,
  seenAt,
}: NonNullable<Start['staging']>): readonly Item[] {
  return [
    ['place', places],
    ['source', mounts.map(({ source }) => source)],
    ['target', mounts.map(({ target }) => target)],
    ['stage', [folder]],
    ['memory', [STAGE_OPTIONS]],
    ['staged', [seenAt]],
  ];
}

function listeningItems({
  user,
  network,
  ports,
}: NonNullable<Start['listening']>): readonly Item[] {
  return [
    ['network', [network.init.pid]],
    ['port', ports],
    ['listener', user === null ? [] : [user.uid, user.gid]],
  ];
}

/** Items are told apart by NUL, which no path and no argument can have. */
function item(key: string, value: string): string {
  if (value.includes('\0')) throw new TypeError(`a ${key} of a sandbox contains a null byte`);
  return `${key}=${value}`;
}

/** Ubuntu's way: only programs that a profile names make user namespaces. `unshare` is one, Perl is none. */
function isConfined(): boolean {
  confined ??= textOf('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1';
  return confined;
}

let confined: boolean | undefined;

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
