import { basename } from 'node:path/posix';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { ImageBuild } from '../../../model/component.ts';
import type { BuildStep } from '../../../model/dockerfile/build-steps.ts';
import { insidePath } from '../../../model/dockerfile/inside-path.ts';
import { foldersOf } from '../../../model/folders-of.ts';

type Context = Pick<ImageBuild, 'context' | 'executable'>;
type CopyStep = Extract<BuildStep, { readonly kind: 'copy' }>;

/**
 * What a COPY puts into the sandbox, as an archive relative to its root; or what is wrong. A folder gives what is in it, a
 * file its name, or the target's when that is not meant as a folder.
 */
export async function copiedFiles(
  { sources, target }: CopyStep,
  from: Context,
): Promise<{ readonly archive: Buffer } | { readonly problem: string }> {
  const { context } = from;
  const files = new Map<string, CopiedFile>();
  const fileAt = (path: string, content: Uint8Array): CopiedFile => ({
    content,
    mode: from.executable?.has(path) === true ? 0o755 : 0o644,
  });
  for (const source of sources) {
    const path = insidePath('/', source).slice(1);
    const own = context.get(path);
    if (own !== undefined) {
      const name = target.endsWith('/') ? `${target}${basename(path)}` : target;
      files.set(name, fileAt(path, own));
      continue;
    }
    const below = path === '' ? '' : `${path}/`;
    const within = [...context].filter(([name]) => name.startsWith(below));
    if (within.length === 0) return { problem: missing(source, from) };
    for (const [name, content] of within) {
      files.set(`${target.replace(/\/$/, '')}/${name.slice(below.length)}`, fileAt(name, content));
    }
  }
  return { archive: await archiveOf(files) };
}

interface CopiedFile {
  readonly content: Uint8Array;
  readonly mode: number;
}

function missing(source: string, { context }: Context): string {
  const shown = JSON.stringify(source.slice(0, 80));
  return context.size === 0
    ? `COPY ${shown}: the build context has no files`
    : `COPY ${shown}: the build context has no such file or folder`;
}

async function archiveOf(files: ReadonlyMap<string, CopiedFile>): Promise<Buffer> {
  const archive = pack();
  const folders = new Set<string>();
  for (const [path, { content, mode }] of files) {
    const name = path.slice(1);
    for (const folder of foldersOf(name)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      archive.entry({ name: folder, type: 'directory', mode: 0o755 });
    }
    archive.entry({ name, mode }, Buffer.from(content));
  }
  archive.finalize();
  return buffer(archive);
}
