import { readFile, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fingerprint } from '../../model/fingerprint.ts';
import { javaTrustStore } from '../../model/java-trust-store.ts';
import type { BottleName } from '../../model/names.ts';
import type { EgressTable, SidecarStatuses, SuperviseSettings } from '../../model/sidecar.ts';
import { AGENT_JAVA_STORE, type BottleLayout, bottleLayout } from '../../model/state-layout.ts';
import type { SidecarFiles, SidecarInputs } from '../ports/sidecar-files.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { listFolders, prepareFolders } from './bottle-folders.ts';
import { nextGeneration, type Owner, publishGeneration } from './generations.ts';
import { parseBundleStatus, parseEgressStatus, parseSuperviseStatus } from './sidecar-status.ts';
import { watchSidecars } from './sidecar-watch.ts';
import { readUntrustedJson } from './untrusted-file.ts';

/** Room for ten thousand routes. */
const MAX_STATUS_BYTES = 8 * 1024 * 1024;

export interface SidecarFilesOptions {
  readonly stateDirectory: string;
  /** Who the sidecars run as. Without root it can only be ourselves, and nothing changes owner. */
  readonly sidecarUser: { readonly uid: number; readonly gid: number };
}

/** The host side of the sidecar contract on real files; see `model/sidecar.ts` for the layout. */
export function createSidecarFiles(options: SidecarFilesOptions): SidecarFiles {
  const { stateDirectory } = options;
  const owner: Owner = process.getuid?.() === 0 ? options.sidecarUser : null;
  const layoutOf = (bottle: BottleName) => bottleLayout(stateDirectory, bottle);
  return {
    prepare: (bottle) => prepareFolders(stateDirectory, bottle, owner),
    async render(bottle, inputs) {
      const layout = layoutOf(bottle);
      const reported = await readStatuses(layout);
      await renderEgress(layout, inputs, reported.egress?.generation ?? 0, owner);
      await renderSupervise(layout, inputs, reported.supervise?.generation ?? 0, owner);
    },
    read: (bottle) => readStatuses(layoutOf(bottle)),
    async publishTrust(bottle, caPem) {
      const { trust } = layoutOf(bottle);
      await publish(join(trust, basename(AGENT_JAVA_STORE)), Buffer.from(javaTrustStore(caPem)));
      await publish(join(trust, 'ca.pem'), Buffer.from(caPem));
    },
    async remove(bottle) {
      const { root, queue } = layoutOf(bottle);
      await rm(root, { recursive: true, force: true });
      // Proposals that nobody archived yet outlive their bottle.
      await rmdir(queue).catch(() => undefined);
    },
    list: () => listFolders(stateDirectory),
    watch: (onHint, signal) => watchSidecars(stateDirectory, onHint, signal),
  };
}

async function publish(path: string, content: Buffer): Promise<void> {
  const published = await readFile(path).catch(() => null);
  if (published?.equals(content) !== true) {
    await writeFileAtomically(path, content, { mode: 0o644 });
  }
}

async function readStatuses(layout: BottleLayout): Promise<SidecarStatuses> {
  const read = (folder: string) => readUntrustedJson(join(folder, 'status.json'), MAX_STATUS_BYTES);
  const [egress, supervise, bundle] = await Promise.all([
    read(layout.egressOut),
    read(layout.superviseOut),
    read(layout.bundleOut),
  ]);
  return {
    egress: parseEgressStatus(egress),
    supervise: parseSuperviseStatus(supervise),
    bundle: parseBundleStatus(bundle),
  };
}

async function renderEgress(
  layout: BottleLayout,
  { egress, secrets, pipelockConfig }: SidecarInputs,
  reported: number,
  owner: Owner,
): Promise<void> {
  const isCurrent =
    (await currentHash(layout.egressIn, 'table.json')) === egress.hash &&
    fingerprint((await readCurrent(layout.egressIn, 'secrets.json')) ?? null) ===
      fingerprint(secrets);
  if (isCurrent) return;
  const generation = await nextGeneration(layout.egressIn, reported);
  const table: EgressTable = { ...egress, generation };
  const files = {
    'table.json': toText(table),
    'secrets.json': toText(secrets),
    ...(pipelockConfig === undefined ? {} : { 'pipelock.yaml': pipelockConfig }),
  };
  await publishGeneration(layout.egressIn, generation, files, owner);
}

async function renderSupervise(
  layout: BottleLayout,
  { supervise }: SidecarInputs,
  reported: number,
  owner: Owner,
): Promise<void> {
  if ((await currentHash(layout.superviseIn, 'settings.json')) === supervise.hash) return;
  const generation = await nextGeneration(layout.superviseIn, reported);
  const settings: SuperviseSettings = { ...supervise, generation };
  const files = { 'settings.json': toText(settings) };
  await publishGeneration(layout.superviseIn, generation, files, owner);
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

/** Hash that the current generation carries; undefined when it is absent or damaged. */
async function currentHash(folder: string, file: string): Promise<unknown> {
  const current = await readCurrent(folder, file);
  return typeof current === 'object' && current !== null && 'hash' in current
    ? current.hash
    : undefined;
}

async function readCurrent(folder: string, file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, 'current', file), 'utf8'));
  } catch {
    return undefined;
  }
}
