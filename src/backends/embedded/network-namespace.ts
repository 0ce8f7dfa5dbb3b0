import { mkdir, rm } from 'node:fs/promises';
import { type ComponentRef, runtimeName } from '../../model/component.ts';
import type { FleetName } from '../../model/names.ts';
import { begin } from './begin.ts';
import { removeGroups } from './control-groups.ts';
import { booksOf, endUnrecorded } from './forgotten.ts';
import { launch } from './launch.ts';
import type { EmbeddedLayout } from './layout.ts';
import { makePlace } from './limits.ts';
import { placeName } from './place-name.ts';
import { isAlive, type ProcessIdentity, signalProcess, userOf } from './process-table.ts';
import { type HostUser, type RunRecord, readRun } from './records.ts';
import { inTurn } from './turns.ts';
import { waitUntil } from './wait-until.ts';

const END_MS = 2_000;

/** Name of what keeps a bottle's network namespace, where other backends have its internal network. */
export function namespaceName(ref: ComponentRef): string {
  return runtimeName({ ...ref, component: 'internal-network' });
}

/** Whether it may be one of `fleet`: a bottle may be called so too. */
export function isNamespaceName(fleet: FleetName, name: string): boolean {
  return name.startsWith(`bb-${fleet}-`) && name.endsWith('-int');
}

/**
 * The network namespace of a bottle: a loopback and nothing else, so that there is no way out but the sockets that its
 * sidecars listen on. A process of ours holds it, which lets agent and sidecars be replaced one without the other.
 */
export function ensureNamespace(
  layout: EmbeddedLayout,
  ref: ComponentRef,
  options: NamespaceOptions,
): Promise<RunRecord> {
  return inTurn(turnOf(layout, ref), () => makeNamespace(layout, ref, options));
}

interface NamespaceOptions {
  readonly user: HostUser | null;
  readonly seccompPath: string;
}

/** Agent and sidecars are started at once: the first of them makes it. */
function turnOf(layout: EmbeddedLayout, ref: ComponentRef): string {
  return `${layout.directory}/${namespaceName(ref)}`;
}

async function makeNamespace(
  layout: EmbeddedLayout,
  ref: ComponentRef,
  options: NamespaceOptions,
): Promise<RunRecord> {
  const name = namespaceName(ref);
  const existing = namespaceRun(layout, ref);
  if (existing !== null && isOwnedBy(existing, options.user)) return existing;
  // The bottle is another user where the state directory is moved to, and may not enter what it was before.
  if (existing !== null) await removeNamespace(layout, ref);
  endUnrecorded(layout, name);
  const root = layout.root(name);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const launched = await launch({
    books: booksOf(layout),
    user: options.user,
    binds: [],
    root,
    place: makePlace(placeName(layout, name), null),
    within: null,
    arguments: () => ['--unshare-net', '--ro-bind', '/', '/', '--clearenv', '--chdir', '/'],
    limits: [],
    command: ['sleep', 'infinity'],
    keeps: true,
    seccompPath: options.seccompPath,
    statusPath: layout.status(name),
    listening: null,
  });
  return begin(launched, layout, name, null);
}

/** The namespace that a bottle has now; null when nobody holds one. */
export function namespaceRun(layout: EmbeddedLayout, ref: ComponentRef): RunRecord | null {
  const run = readRun(layout.run(namespaceName(ref)));
  return run !== null && isAlive(run.init) ? run : null;
}

function isOwnedBy({ init }: RunRecord, user: HostUser | null): boolean {
  return user === null || userOf(init.pid) === user.uid;
}

export function endNamespace(layout: EmbeddedLayout, ref: ComponentRef): Promise<void> {
  return inTurn(turnOf(layout, ref), () => removeNamespace(layout, ref));
}

async function removeNamespace(layout: EmbeddedLayout, ref: ComponentRef): Promise<void> {
  const name = namespaceName(ref);
  const run = readRun(layout.run(name));
  for (const process of run === null ? [] : [run.init, run.monitor]) {
    signalProcess(process, 'SIGKILL');
  }
  // A group is there as long as somebody is in it.
  if (run !== null) await waitUntil(() => !isAlive(run.monitor), END_MS);
  for (const path of [layout.run(name), layout.status(name), layout.root(name)]) {
    await rm(path, { recursive: true, force: true });
  }
  await waitUntil(() => removeGroups(placeName(layout, name), name), END_MS);
}

export function isSameProcess(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId
  );
}
