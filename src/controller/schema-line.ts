const KINDS: { readonly [folder: string]: string } = {
  agents: 'agent',
  bottles: 'bottle',
  allowlists: 'allowlist',
  routes: 'route',
  policies: 'policy',
};

/**
 * `text` with the `yaml-language-server` line of its kind on top, unless it names a schema already or there is none.
 * `path` is below the desired-state folder, which has `schemas/` beside it.
 */
export function withSchemaLine(path: string, text: string, schemas: ReadonlySet<string>): string {
  if (text.includes('yaml-language-server:')) return text;
  const folders = path.split('/').slice(0, -1);
  const kind = folders[0] === undefined ? path.replace(/\.yaml$/, '') : KINDS[folders[0]];
  const schema = [`${kind}.schema.json`, `${kind}.json`].find((name) => schemas.has(name));
  if (schema === undefined) return text;
  const up = '../'.repeat(folders.length + 1);
  return `# yaml-language-server: $schema=${up}schemas/${schema}\n${text}`;
}
