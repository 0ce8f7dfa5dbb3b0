import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFileMemo } from './file-memo.ts';
import { placeHostFile, placeSharedText } from './host-etc.ts';
import { makeOpenFolder, writeOpenFile } from './open-to-others.ts';

export interface EtcOptions {
  /** Where copies are kept of what bottles share. */
  readonly copies: string;
  /** Whether its programs are the host's, and find their settings as there. */
  readonly isHosts: boolean;
  readonly hostname: string;
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly name: string;
    readonly home: string;
  };
  readonly hosts: { readonly [name: string]: string };
  /** Whether names may be asked for outside. */
  readonly resolves: boolean;
  /** Mount points that lie in it. */
  readonly mountPoints: readonly string[];
}

/** Files of the host's `/etc` that programs need to find their libraries and settings; none holds a secret. */
const COPIED = [
  'ld.so.cache',
  'ld.so.conf',
  'ssl/openssl.cnf',
  'localtime',
  'mime.types',
  'services',
];

const AUTHORITIES = 'ssl/certs/ca-certificates.crt';

/**
 * Writes a sandbox's own `/etc`: its user, its names, and for an agent no resolver. It is the controller's folder,
 * read-only inside, so nothing in it is the agent's to change.
 */
export function writeEtc(folder: string, options: EtcOptions): void {
  const { user, resolves, copies, isHosts } = options;
  const java = resolves || !isHosts ? [] : hostJavaFolders();
  for (const below of ['ssl/certs', 'alternatives', ...java, ...options.mountPoints]) {
    makeOpenFolder(join(folder, below));
  }
  for (const name of resolves ? [...COPIED, AUTHORITIES] : COPIED) {
    if (isHosts) placeHostFile(copies, name, folder);
  }
  const resolver = resolves ? textOf('/etc/resolv.conf') : '';
  const shared = {
    passwd: `root:x:0:0:root:/nonexistent:/bin/false\n${user.name}:x:${user.uid}:${user.gid}:${user.name}:${user.home}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n`,
    group: `root:x:0:\n${user.name}:x:${user.gid}:\nnogroup:x:65534:\n`,
    'resolv.conf': resolver,
    // An image's own would be loaded into the program that leads others in.
    'ld.so.preload': '',
    'nsswitch.conf': `passwd: files\ngroup: files\nhosts: ${resolves ? 'files dns' : 'files'}\n`,
  };
  const own = { hostname: `${options.hostname}\n`, hosts: hostsText(options) };
  for (const [name, text] of Object.entries(shared)) {
    placeSharedText(copies, text, `${folder}/${name}`);
  }
  for (const [name, text] of Object.entries(own)) {
    writeOpenFile(`${folder}/${name}`, text);
  }
}

/** Those of this host. */
export function hostJavaFolders(): readonly string[] {
  return onHost.read('/etc') ?? [];
}

const onHost = createFileMemo(javaFolders);

/** Where distributions keep the settings of a Java, which its folder below `/usr` only refers to; none holds a secret. */
export function javaFolders(etc: string): readonly string[] {
  return readdirSync(etc, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^java(-[\w.+-]+)?$/.test(entry.name))
    .map(({ name }) => name);
}

/** Its own name leads to its loopback, as a container's does. */
function hostsText({ hosts, hostname: own }: EtcOptions): string {
  const names = new Set(['localhost', own]);
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}`);
  return `${['127.0.0.1', ...names].join(' ')}\n::1 localhost\n${lines.join('\n')}\n`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
