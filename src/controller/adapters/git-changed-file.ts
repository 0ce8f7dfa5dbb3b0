/** A file that a commit changed: what it was and what it is now. */
export interface ChangedFile {
  readonly path: string;
  readonly before: { readonly mode: string; readonly id: string } | null;
  readonly after: { readonly mode: string; readonly id: string; readonly text: string } | null;
}

/** A line of `update-index --index-info` for the file's new form; mode 0 removes the path. */
export function indexLine({ path, before, after }: ChangedFile): string {
  if (after !== null) return `${after.mode} ${after.id}\t${path}\0`;
  return `0 ${'0'.repeat(before?.id.length ?? 40)}\t${path}\0`;
}

/** Whether a tree may hold this path. Git passes over others in silence, and the commit would lack the change. */
export function isTreePath(path: string): boolean {
  const isPlain = !path.includes('\0') && !path.includes('\n');
  return isPlain && path.split('/').every((segment) => !/^(?:|\.|\.\.|\.git)$/i.test(segment));
}
