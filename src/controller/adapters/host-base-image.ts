import { readFileSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { type Header, pack } from 'tar-stream';
import {
  parseEndpoint,
  type ResolvedEndpoint,
  resolveEndpoint,
} from '../../backends/docker/endpoint.ts';
import { connect } from '../../backends/docker/engine.ts';
import { classify } from '../../backends/docker/engine-error.ts';
import { hasImage } from '../../backends/docker/image.ts';
import { IMAGE_LABEL } from '../../backends/docker/labels.ts';
import { readProgress } from '../../backends/docker/progress-stream.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import { type HostFile, hostPrograms } from './host-programs.ts';

export interface HostBaseImageOptions {
  /** Omitted = as the `docker` program would find it. */
  readonly endpoint?: string;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly onProgress: (line: string) => void;
}

/**
 * Makes sure that the engine has an image of this machine's own programs, for hosts that no registry serves, and gives
 * its reference. The name is a hash of what goes in, so it is imported once. Takes seconds. Throws `BackendError`.
 */
export async function ensureHostBaseImage(options: HostBaseImageOptions): Promise<string> {
  const { onProgress } = options;
  const files = hostPrograms();
  const reference = `bb/base:${contentHash(files).slice(0, 12)}`;
  try {
    const engine = await connect(endpointOf(options));
    if (await hasImage(engine, reference)) return reference;
    onProgress(`importing ${files.length} files of this machine as ${reference}`);
    const stream = await engine.streams.importImage(Readable.from(tarOfHost(files)), {
      // The tag in the name: Podman does not read it beside it.
      repo: reference,
      changes: [`LABEL ${IMAGE_LABEL}=1`, `ENV PATH=${IMAGE_PATH}`, 'CMD ["bash"]'],
    });
    const { error } = await readProgress(stream, () => undefined);
    if (error !== null) throw new Error(error);
    return reference;
  } catch (error) {
    throw classify(error, `importing ${reference}`);
  }
}

/** Whether the engine has `reference`. Throws `BackendError` when it cannot be asked. */
export async function hasBaseImage(
  reference: string,
  options: Pick<HostBaseImageOptions, 'endpoint' | 'environment'>,
): Promise<boolean> {
  try {
    return await hasImage(await connect(endpointOf(options)), reference);
  } catch (error) {
    throw classify(error, `looking for ${reference}`);
  }
}

/** Where the engine is. Throws `BackendError` for an `endpoint` that is none. */
export function endpointOf({
  endpoint,
  environment,
}: Pick<HostBaseImageOptions, 'endpoint' | 'environment'>): ResolvedEndpoint {
  return endpoint === undefined
    ? resolveEndpoint(environment)
    : parseEndpoint(endpoint, 'the endpoint option', null);
}

const IMAGE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Bump to import anew when what is made around the files changes. */
const LAYOUT = 1;

/** Size and time tell a changed program well enough; reading 150 MB for each start would not be worth it. */
function contentHash(files: readonly HostFile[]): string {
  const facts = files.map((file) => {
    if (file.kind === 'link') return [file.target, file.linkTo];
    const { size, mtimeMs, mode } = statSync(file.source);
    return [file.target, file.source, size, Math.trunc(mtimeMs), mode];
  });
  return fingerprint({ layout: LAYOUT, facts });
}

const FOLDERS: readonly (readonly [path: string, mode: number])[] = [
  ...['usr', 'usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'usr/local', 'usr/local/bin', 'etc']
    .concat(['home', 'opt', 'var', 'proc', 'sys', 'dev', 'run', 'mnt'])
    .map((path) => [path, 0o755] as const),
  ['root', 0o700],
  ['tmp', 0o1777],
  ['var/tmp', 0o1777],
];

const LINKS = { bin: 'usr/bin', sbin: 'usr/sbin', lib: 'usr/lib', lib64: 'usr/lib64' };

const TEXTS = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'etc/os-release': 'NAME="bb host base"\nID=bb-host-base\n',
};

async function* tarOfHost(files: readonly HostFile[]): AsyncGenerator<Buffer> {
  const archive = pack();
  const add = (header: Partial<Header> & { readonly name: string }, content?: Buffer) =>
    archive.entry(header, content ?? '');
  for (const [name, mode] of FOLDERS) add({ name, mode, type: 'directory' });
  for (const [name, linkname] of Object.entries(LINKS)) add({ name, linkname, type: 'symlink' });
  for (const [name, text] of Object.entries(TEXTS)) add({ name, mode: 0o644 }, Buffer.from(text));
  const made = new Set(FOLDERS.map(([name]) => name));
  for (const file of files) {
    const name = file.target.slice(1);
    for (const folder of parents(name)) {
      if (made.has(folder)) continue;
      made.add(folder);
      add({ name: folder, mode: 0o755, type: 'directory' });
    }
    if (file.kind === 'link') add({ name, linkname: file.linkTo, type: 'symlink' });
    else add({ name, mode: modeOf(file.source) }, readFileSync(file.source));
    // One file at a time: the whole of them does not have to fit into memory.
    for (let chunk = archive.read(); chunk !== null; chunk = archive.read()) yield chunk as Buffer;
  }
  archive.finalize();
  yield* archive as AsyncIterable<Buffer>;
}

function parents(name: string): readonly string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Readable by all, executable where it was; never set-user-id. */
function modeOf(source: string): number {
  return statSync(source).mode & 0o111 ? 0o755 : 0o644;
}
