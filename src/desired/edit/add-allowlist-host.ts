import { allowlistSchema } from '../schema/allowlist.ts';
import { listOf } from './list-of.ts';
import { assertOneEnd, isSameHost } from './listed-host.ts';
import { editYaml, newYaml, UneditableText } from './yaml-edit.ts';

/**
 * An allowlist file with the host in it, once: one that is listed in any spelling is left as it is. Throws
 * `UneditableText` when the text is not an allowlist, or lists the host with another end.
 */
export function addAllowlistHost(
  text: string | null,
  entry: { readonly host: string; readonly reason?: string; readonly expires?: string | null },
): string {
  return editYaml(text ?? newYaml('allowlists'), (document) => {
    const list = listOf(document, 'hosts');
    const written = allowlistSchema.safeParse(document.toJS());
    if (!written.success) throw new UneditableText('the file is not an allowlist');
    const { host, reason, expires = null } = entry;
    const listed = written.data.hosts
      .map((each) => (typeof each === 'string' ? { host: each } : each))
      .find((each) => isSameHost(each.host, host));
    if (listed !== undefined) {
      assertOneEnd(listed, { expires });
      return;
    }
    const isBare = reason === undefined && expires === null;
    const node = document.createNode(
      isBare
        ? host
        : {
            host,
            ...(reason === undefined ? {} : { reason }),
            ...(expires === null ? {} : { expires }),
          },
    );
    list.add(node);
  });
}
