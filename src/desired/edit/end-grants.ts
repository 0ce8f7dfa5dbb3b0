import { readSet, type SetKind } from '../expiring-grants.ts';
import { listOf } from './list-of.ts';
import { editYaml, UneditableText } from './yaml-edit.ts';

/**
 * A routes or allowlists file without the entries whose end has come by `nowMs`, but those that it `keeps`. The last one leaves `[]`, so that
 * references to the set still hold. Throws `UneditableText` when the text is not of its kind.
 */
export function endGrants(
  kind: SetKind,
  text: string,
  nowMs: number,
  keeps: (host: string) => boolean = () => false,
): string {
  return editYaml(text, (document) => {
    const list = listOf(document, kind === 'routes' ? 'routes' : 'hosts');
    const entries = readSet(kind, document.toJS());
    if (entries === null) throw new UneditableText(`the file is not one of ${kind}`);
    list.items = list.items.filter((_, index) => {
      const entry = entries[index];
      const endsAtMs = entry?.endsAtMs ?? null;
      return endsAtMs === null || endsAtMs > nowMs || keeps(entry?.host ?? '');
    });
    if (list.items.length === 0) list.flow = true;
  });
}
