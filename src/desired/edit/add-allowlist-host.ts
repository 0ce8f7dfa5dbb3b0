import { parseHost } from '../host-name.ts';
import { allowlistSchema } from '../schema/allowlist.ts';
import { listOf } from './list-of.ts';
import { editYaml, newYaml, UneditableText } from './yaml-edit.ts';

/**
 * An allowlist file with the host in it, once: one that is listed in any spelling is left as it is. Throws
 * `UneditableText` when the text is not an allowlist.
 */
export function addAllowlistHost(
  text: string | null,
  entry: { readonly host: string; readonly reason?: string; readonly expires?: string },
): string {
  return editYaml(text ?? newYaml('allowlists'), (document) => {
    const list = listOf(document, 'hosts');
    const written = allowlistSchema.safeParse(document.toJS());
    if (!written.success) throw new UneditableText('the file is not an allowlist');
    const hosts = written.data.hosts.map((listed) =>
      typeof listed === 'string' ? listed : listed.host,
    );
    if (hosts.some((host) => normalHost(host) === normalHost(entry.host))) return;
    const { host, reason, expires } = entry;
    const isBare = reason === undefined && expires === undefined;
    const node = document.createNode(
      isBare
        ? host
        : {
            host,
            ...(reason === undefined ? {} : { reason }),
            ...(expires === undefined ? {} : { expires }),
          },
    );
    list.add(node);
  });
}

function normalHost(raw: string): string {
  const parsed = parseHost(raw);
  return parsed.ok ? parsed.value : raw.toLowerCase();
}
