import { parseHost } from '../host-name.ts';
import { parseInstant } from '../instant.ts';
import { UneditableText } from './yaml-edit.ts';

/** A host as a file lists it: its name in any spelling, and its end. */
interface Listed {
  readonly host: string;
  readonly expires?: string | undefined;
}

/** True when both are spellings of one name. */
export function isSameHost(left: string, right: string): boolean {
  return normalHost(left) === normalHost(right);
}

/**
 * Throws `UneditableText` when what is granted has an end and the entry that it would be merged into has another one:
 * an entry ends as a whole, so either would last too long or be cut too early. A grant without an end takes the entry's.
 */
export function assertOneEnd(listed: Listed, granted: { readonly expires: string | null }): void {
  if (granted.expires === null) return;
  const { host, expires } = listed;
  if (expires !== undefined && normalInstant(expires) === normalInstant(granted.expires)) return;
  const end = expires === undefined ? 'without an end' : `until ${expires}`;
  throw new UneditableText(`${host} is listed in it ${end}, and an entry ends as a whole`);
}

function normalHost(raw: string): string {
  const parsed = parseHost(raw);
  return parsed.ok ? parsed.value : raw.toLowerCase();
}

function normalInstant(raw: string): string {
  const parsed = parseInstant(raw);
  return parsed.ok ? parsed.value : raw;
}
