import { randomBytes, randomInt } from 'node:crypto';
import type { Backend } from '../../src/backends/backend.ts';

/** A backend and the little that the suite has to know about it. */
export interface BackendUnderTest {
  readonly name: string;
  /** A new object over the same engine: what a restarted controller has. */
  open(): Backend;
  /** An image with a shell that the backend has. */
  readonly image: string;
  /** False where programs are only pretended to run. */
  readonly runsPrograms: boolean;
  /** What agents run under; null = the engine's default. */
  readonly runtime: string | null;
  /** Folder of the agent that keeps what is put there before it runs. */
  readonly keptFolder: string;
  /** Folder of the agent whose files are on the disk under every runtime: gVisor's `/tmp` is in memory. */
  readonly diskFolder: string;
  /** Somebody starts to work in the running container of this name, and leaves when it is disposed of. */
  makeSession(container: string): Promise<AsyncDisposable>;
  /** Makes something of this name without our labels. */
  makeForeign(kind: 'container' | 'network', name: string): Promise<AsyncDisposable>;
  /** The backend over something that is not there; null where there is always something. */
  openAbsent(): Backend | null;
}

/** False where the files of a container that ran cannot be read or written from outside. */
export function sharesFiles({ open, runtime }: BackendUnderTest): boolean {
  return runtime === null || !open().capabilities.closedRuntimes.includes(runtime);
}

/** A name for a fleet that no other run on this machine has. */
export function uniqueFleet(): string {
  return `t${randomBytes(4).toString('hex')}`;
}

/** A /28 out of half a million, so that runs beside each other on one machine do not meet. */
export function uniqueSubnet(): { readonly cidr: string; address(host: number): string } {
  const base = randomInt(0, 1 << 19);
  const part = (index: number) => 0x0a800000 + base * 16 + index;
  const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
  return { cidr: `${text(part(0))}/28`, address: (host) => text(part(host)) };
}
