import { booksOf } from './forgotten.ts';
import type { EmbeddedLayout } from './layout.ts';

/**
 * What a container's control groups and scopes are called: this machine has one tree of them for all state directories,
 * and two of those may have a fleet, and a bottle of it, of the same name.
 */
export function placeName(layout: Pick<EmbeddedLayout, 'directory'>, name: string): string {
  return `${name}.${booksOf(layout)}`;
}
