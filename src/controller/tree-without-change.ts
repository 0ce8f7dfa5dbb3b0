import { newYaml } from '../desired/edit/yaml-edit.ts';
import { takeBack, UneditableText } from '../desired/edit.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import { isSameFile } from './once-per-tree.ts';

type Files = ReadonlyMap<string, TreeFile>;

/** The trees before and after a change, and the one that it is taken out of. */
interface Trees {
  readonly before: Files;
  readonly after: Files;
  readonly now: Files;
}

type WithoutChange =
  | {
      readonly kind: 'taken';
      /** Paths below the desired-state folder; null = the file goes. */
      readonly changes: ReadonlyMap<string, string | null>;
    }
  | { readonly kind: 'in-the-way'; readonly path: string; readonly reason: string };

/**
 * What has to change in a tree for it to be without a change that was made to it, with all that came later left as it
 * is. A file that nobody touched since is byte for byte as it was; in others it is taken out value by value.
 */
export function treeWithoutChange({ before, after, now }: Trees): WithoutChange {
  const changes = new Map<string, string | null>();
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [was, became, is] = [before, after, now].map((files) => files.get(path));
    if (isSameFile(was, became) || isSameFile(is, was)) continue;
    try {
      const text = isSameFile(is, became) ? wholeText(was) : takenOut(path, { was, became, is });
      if (text !== wholeText(is)) changes.set(path, text);
    } catch (error) {
      if (!(error instanceof UneditableText)) throw error;
      return { kind: 'in-the-way', path, reason: error.message };
    }
  }
  return { kind: 'taken', changes };
}

function takenOut(
  path: string,
  versions: { readonly [version in 'was' | 'became' | 'is']: TreeFile | undefined },
): string {
  const was = wholeText(versions.was) ?? emptySet(path);
  const became = wholeText(versions.became);
  const is = wholeText(versions.is);
  if (is === null) throw new UneditableText('the file was removed since');
  if (was === null || became === null || !path.endsWith('.yaml')) {
    throw new UneditableText('the file was changed again since');
  }
  return takeBack(was, became, is);
}

/** A set that the change made, and to which others added since, stays: with what they added. */
function emptySet(path: string): string | null {
  const kind = /^(routes|allowlists)\//.exec(path)?.[1];
  return kind === 'routes' || kind === 'allowlists' ? newYaml(kind) : null;
}

/** Null where there is no file. Throws `UneditableText` for what is no text in a regular file. */
export function wholeText(file: TreeFile | undefined): string | null {
  if (file === undefined) return null;
  if (!file.mode.startsWith('100')) throw new UneditableText('the file is not a regular one');
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(file.bytes);
  if (Buffer.compare(Buffer.from(text), file.bytes) === 0) return text;
  throw new UneditableText('the file is not a text');
}
