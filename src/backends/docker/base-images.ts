/**
 * The images that a Dockerfile needs from outside: what it is `FROM` and what it copies `--from`, its own stages and
 * `scratch` left out. A build would pull those that are absent, which must not happen by surprise.
 */
export function baseImages(
  dockerfile: string,
  buildArgs: { readonly [name: string]: string },
): readonly string[] {
  const values = new Map<string, string>();
  const stages = new Set(['scratch']);
  const images = new Set<string>();
  let count = 0;
  const need = (image: string) => {
    if (!stages.has(image.toLowerCase())) images.add(image);
  };
  for (const [instruction, rest] of instructions(dockerfile)) {
    if (instruction === 'ARG' && count === 0) {
      const [name = '', fallback = ''] = rest.split(/=(.*)/s);
      values.set(name.trim(), buildArgs[name.trim()] ?? unquote(fallback.trim()));
    }
    if (instruction === 'FROM') {
      const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
      need(substitute(words[0] ?? '', values));
      if (words[1]?.toUpperCase() === 'AS' && words[2]) stages.add(words[2].toLowerCase());
      stages.add(String(count));
      count += 1;
    }
    if (instruction === 'COPY') {
      const from = /--from=(\S+)/.exec(rest)?.[1];
      if (from !== undefined) need(substitute(from, values));
    }
  }
  return [...images].filter((image) => image !== '');
}

function instructions(dockerfile: string): readonly (readonly [string, string])[] {
  const joined = dockerfile.replace(/^\s*#.*$/gm, '').replace(/\\[ \t]*\r?\n/g, ' ');
  return joined.split('\n').flatMap((line) => {
    const match = /^\s*([A-Za-z]+)\s+(.*?)\s*$/.exec(line);
    return match?.[1] && match[2] !== undefined ? [[match[1].toUpperCase(), match[2]]] : [];
  });
}

function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text
    .replace(/\$\{(\w+):-([^}]*)\}/g, (_, name, fallback) => values.get(name) || fallback)
    .replace(/\$\{(\w+)\}|\$(\w+)/g, (_, braced, bare) => values.get(braced ?? bare) ?? '');
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2');
}
