/**
 * `text` with the `yaml-language-server` line of its kind on top, unless it names a schema already or there is none.
 * `path` is below the desired-state folder, which has `schemas/` beside it; the folder is the kind.
 */
export function withSchemaLine(path: string, text: string, schemas: ReadonlySet<string>): string {
  if (text.includes('yaml-language-server:')) return text;
  const folders = path.split('/').slice(0, -1);
  const schema = `${folders[0] ?? path.replace(/\.yaml$/, '')}.schema.json`;
  if (!schemas.has(schema)) return text;
  const up = '../'.repeat(folders.length + 1);
  return `# yaml-language-server: $schema=${up}schemas/${schema}\n${text}`;
}
