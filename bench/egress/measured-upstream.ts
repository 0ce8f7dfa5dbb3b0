import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { startProcess } from './started-process.ts';

export interface MeasuredUpstream {
  /** Answers with 1 KiB and costs next to nothing. */
  readonly fastPort: number;
  /** `/<n>` gives n bytes; takes bodies of any length. */
  readonly bulkPort: number;
  readonly certPem: string;
}

/** Starts the upstream, as a process, with a certificate for `localhost`. */
export async function startMeasuredUpstream(
  folder: string,
  defer: (cleanup: () => unknown) => void,
): Promise<MeasuredUpstream> {
  const [key, certificate] = [join(folder, 'upstream-key.pem'), join(folder, 'upstream.pem')];
  await execa('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-days', '2', '-subj', '/CN=upstream', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', key, '-out', certificate],
  ]);
  const program = join(import.meta.dirname, 'upstream-program.ts');
  const { firstLine } = startProcess({
    command: process.execPath,
    argv: [program, key, certificate],
    defer,
  });
  const ports: Pick<MeasuredUpstream, 'fastPort' | 'bulkPort'> = JSON.parse(await firstLine());
  return { ...ports, certPem: await readFile(certificate, 'utf8') };
}
