import type { Change } from '../model/action.ts';
import { canonicalJson, type Json } from '../model/fingerprint.ts';
import { sanitizeLine } from '../model/sanitize.ts';

/** One line of a diff: what goes, what comes, what becomes something else. */
export interface ChangeLine {
  readonly sign: '-' | '+' | '~';
  readonly text: string;
}

/** Paths whose values are not for a screen: literals of the environment, versions of secrets. */
const NAMES_ONLY = /^\/(?:env|secrets)(?:\/|$)/;

/** A change in readable form: its path and, where it may be shown, what it becomes. */
export function changeLine({ operation }: Change): ChangeLine {
  const sign = operation.op === 'add' ? '+' : operation.op === 'remove' ? '-' : '~';
  const [, top = ''] = operation.path.split('/');
  const path = NAMES_ONLY.test(operation.path)
    ? operation.path.split('/').slice(0, 3).join('/')
    : operation.path;
  const value =
    'value' in operation && operation.value !== undefined && !NAMES_ONLY.test(`/${top}`)
      ? ` ${canonicalJson(withoutBlanks(operation.value as Json))}`
      : '';
  return { sign, text: sanitizeLine(`${path}${value}`, 240) };
}

/** A value without members that say nothing, so that a route fits on its line. */
function withoutBlanks(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withoutBlanks);
  const said = Object.entries(value).filter(
    ([, member]) => member !== null && !(Array.isArray(member) && member.length === 0),
  );
  return Object.fromEntries(said.map(([key, member]) => [key, withoutBlanks(member ?? null)]));
}
