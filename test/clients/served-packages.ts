import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { storedZip } from './stored-zip.ts';

/** The package that every registry here has: `left`, which may be had, and `right`, which no route allows. */
export type PackageName = 'left' | 'right';

/** Answers of one host, by path. */
export type Answers = ReadonlyMap<string, string | Buffer>;

async function tarball(files: { readonly [path: string]: string }): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

/** What npm reads of a package and its one version. */
export async function npmAnswers(name: PackageName, origin: string): Promise<Answers> {
  const described = { name, version: '1.0.0', main: 'index.js' };
  const content = await tarball({
    'package/package.json': JSON.stringify(described),
    'package/index.js': `module.exports = '${name} of npm';\n`,
  });
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  const path = `/${name}/-/${name}-1.0.0.tgz`;
  const version = { ...described, dist: { tarball: `${origin}${path}`, integrity } };
  const listed = { name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } };
  return new Map<string, string | Buffer>([
    [`/${name}`, JSON.stringify(listed)],
    [path, content],
  ]);
}

/** What pip reads: a page of links, and a wheel. */
export function pipAnswers(name: PackageName): Answers {
  const wheel = storedZip({
    [`${name}.py`]: `said = '${name} of pip'\n`,
    [`${name}-1.0.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    [`${name}-1.0.dist-info/WHEEL`]:
      'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${name}-1.0.dist-info/RECORD`]: '',
  });
  const file = `${name}-1.0-py3-none-any.whl`;
  return new Map<string, string | Buffer>([
    [`/simple/${name}/`, `<!DOCTYPE html><html><body><a href="${file}">${file}</a></body></html>`],
    [`/simple/${name}/${file}`, wheel],
  ]);
}

/** What cargo reads: a line of a sparse index, and a crate. */
export async function cargoAnswers(name: PackageName): Promise<Answers> {
  const crate = await tarball({
    [`${name}-1.0.0/Cargo.toml`]: `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2021"\n`,
    [`${name}-1.0.0/src/lib.rs`]: `pub const SAID: &str = "${name} of cargo";\n`,
  });
  const cksum = createHash('sha256').update(crate).digest('hex');
  const line = { name, vers: '1.0.0', deps: [], cksum, features: {}, yanked: false };
  return new Map<string, string | Buffer>([
    [`/index/${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`, `${JSON.stringify(line)}\n`],
    [`/crates/${name}/1.0.0`, crate],
  ]);
}

/** What go reads of a module through a module proxy. */
export function goAnswers(name: PackageName): Answers {
  const module = `example.test/${name}`;
  const mod = `module ${module}\n\ngo 1.21\n`;
  const at = `/${module}/@v`;
  const zip = storedZip({
    [`${module}@v1.0.0/go.mod`]: mod,
    [`${module}@v1.0.0/${name}.go`]: `package ${name}\n\nconst Said = "${name} of go"\n`,
  });
  return new Map<string, string | Buffer>([
    [`${at}/list`, 'v1.0.0\n'],
    [`${at}/v1.0.0.info`, '{"Version":"v1.0.0","Time":"2030-01-01T00:00:00Z"}'],
    [`${at}/v1.0.0.mod`, mod],
    [`${at}/v1.0.0.zip`, zip],
  ]);
}
