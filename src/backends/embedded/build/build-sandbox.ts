import { join } from 'node:path';
import { BackendError } from '../../backend.ts';
import { removeGroups } from '../control-groups.ts';
import { wayInto } from '../enter.ts';
import { type RawRequest, type RawResult, runThrough } from '../exec.ts';
import { booksOf } from '../forgotten.ts';
import { hostPrograms } from '../host-programs.ts';
import { BESIDE, CHANGED_ETC, changedName } from '../image-root.ts';
import { type Bind, launch } from '../launch.ts';
import { rootParts } from '../layout.ts';
import { joinPlace, makePlace } from '../limits.ts';
import type { Machine } from '../machine.ts';
import { makeOpenFolder, writeOpenFile } from '../open-to-others.ts';
import type { Overlay } from '../overlay.ts';
import { OWN_PROGRAMS, ownPrograms } from '../own-programs.ts';
import { childrenOf, identify, namespaceMembers, signalProcess } from '../process-table.ts';
import type { HostUser, RunRecord } from '../records.ts';
import { NODE_FOLDER, sandboxArguments } from '../sandbox-arguments.ts';
import { javaBinds } from '../sandbox-parts.ts';
import { sandboxChild } from '../sandbox-status.ts';
import type { Launched } from '../start.ts';
import { waitUntil } from '../wait-until.ts';

const RESOURCES = { cpus: 2, memoryBytes: 4 * 1024 ** 3, pids: 1024 };
const ENDING_MS = 5_000;

export interface BuildPlace {
  /** For groups and messages. */
  readonly name: string;
  /** Folder of ours that the build may fill; `etc` is in it. */
  readonly folder: string;
  /** Who builds, on the host; null = as ourselves. */
  readonly user: HostUser | null;
  /** Where its base has its own files. */
  readonly at: string;
}

/** Who and where a program of a build is. */
export interface BuildProgram extends Omit<RawRequest, 'user'> {
  readonly as: { readonly uid: number; readonly gid: number };
  readonly workdir: string;
}

/**
 * A sandbox with the host's programs in which all can be changed, and what is changed is found below `folder`. It has no
 * network. Nothing of it outlives us: what holds it ends with us, and all in it with that.
 */
export class BuildSandbox implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #place: BuildPlace;
  readonly #launched: Launched;
  readonly #run: RunRecord;
  /** Who holds it, and was there before any program. */
  readonly #held: ReadonlySet<number>;

  private constructor(machine: Machine, place: BuildPlace, launched: Launched, run: RunRecord) {
    this.#machine = machine;
    this.#place = place;
    this.#launched = launched;
    this.#run = run;
    this.#held = new Set([run.init.pid, ...childrenOf(run.init.pid)]);
  }

  static async open(machine: Machine, place: BuildPlace): Promise<BuildSandbox> {
    const { folder, user, name } = place;
    const statusPath = join(folder, 'status');
    makeOpenFolder(rootParts(folder).stage);
    writeOpenFile(join(folder, 'nothing'), '');
    const launched = await launch({
      ...{ user, statusPath, root: folder, within: null, listening: null },
      books: booksOf(machine.layout),
      binds: bindsOf(machine, place),
      overlays: overlaysOf(place),
      place: makePlace(name, RESOURCES),
      arguments: (binds) => [
        // What a step left running would outlive us otherwise.
        ...['--die-with-parent', '--unshare-net'],
        ...sandboxArguments({
          ...{ spec: specOf({ uid: 0, gid: 0 }), hostname: 'build', env: {}, workdir: '/', binds },
          root: { links: hostLinks(), folders: [] },
        }),
      ],
      limits: [],
      command: ['true'],
      seccompPath: machine.seccompPath(),
    }).catch((error: unknown) => {
      throw withoutOverlay(error);
    });
    const monitor = identify(launched.pid);
    const init = identify(sandboxChild(statusPath) ?? 0);
    if (monitor === null || init === null) {
      launched.abandon();
      throw ended();
    }
    return new BuildSandbox(machine, place, launched, { monitor, init, network: init });
  }

  /** Runs a program to its end, and ends all that it left running. */
  async run({ as, workdir, ...request }: BuildProgram): Promise<RawResult> {
    const { user } = this.#place;
    const way = wayInto(this.#run, {
      ...{ spec: specOf(as), env: {}, workdir, user },
      joins: joinPlace(this.#run.monitor.pid),
      hasNetwork: true,
      hasImage: true,
    });
    const { promise: exited, resolve: onExit } = Promise.withResolvers<void>();
    const ended = exited.then(() => this.#endPrograms());
    try {
      const [result] = await Promise.all([
        runThrough(this.#machine, way, { ...request, onExit }, this.#run),
        ended,
      ]);
      return result;
    } finally {
      onExit();
      await ended;
    }
  }

  async #endPrograms(): Promise<void> {
    const areGone = () => {
      const others = namespaceMembers(this.#run.init.pid).filter((pid) => !this.#held.has(pid));
      for (const identity of others.map(identify)) {
        if (identity !== null) signalProcess(identity, 'SIGKILL');
      }
      return others.length === 0;
    };
    if (!(await waitUntil(areGone, ENDING_MS))) throw ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#launched.abandon();
    signalProcess(this.#run.init, 'SIGKILL');
    await waitUntil(() => identify(this.#run.monitor.pid) === null, ENDING_MS);
    await waitUntil(() => removeGroups(this.#place.name), ENDING_MS);
  }
}

function bindsOf({ layout }: Machine, { folder, at }: BuildPlace): readonly Bind[] {
  const readOnly = true;
  return [
    { source: join(folder, 'layer', BESIDE), target: '/', readOnly: false },
    { source: '/etc/alternatives', target: '/etc/alternatives', readOnly },
    ...javaBinds(join(folder, 'etc')),
    // It would be loaded into what leads in, which has more rights than a build.
    { source: join(folder, 'nothing'), target: '/etc/ld.so.preload', readOnly },
    { source: join(folder, 'files'), target: at, readOnly },
    { source: process.execPath, target: `${NODE_FOLDER}/node`, readOnly },
    { source: ownPrograms(layout), target: OWN_PROGRAMS, readOnly },
  ];
}

function overlaysOf({ folder }: BuildPlace): readonly Overlay[] {
  const over = (target: string, source: string, name: string) => ({
    ...{ target, layers: [source] },
    writes: join(folder, 'changes', name),
  });
  const own = hostPrograms().filter(({ link }) => link === null);
  return [
    ...own.map(({ path }) => over(path, path, changedName(path))),
    over('/etc', join(folder, 'etc'), CHANGED_ETC),
  ];
}

function hostLinks() {
  return hostPrograms().flatMap(({ path, link }) => (link === null ? [] : [{ path, to: link }]));
}

function specOf(user: BuildProgram['as']) {
  return { user, tmpfs: {}, resources: RESOURCES };
}

/** What the kernel, or the disk of the state directory, cannot do is no matter of trying again. */
function withoutOverlay(error: unknown): unknown {
  const said = error instanceof BackendError ? error.message : '';
  if (!/merged-\d/.test(said)) return error;
  return new BackendError({
    code: 'not-supported',
    kind: 'terminal',
    message: `images cannot be built on this machine: ${said}`,
    hint: 'it takes Linux 5.11 and a state directory on a disk like ext4, xfs or btrfs; or backend: docker for this bottle',
    cause: error,
  });
}

function ended(): BackendError {
  return new BackendError({
    code: 'failed',
    kind: 'transient',
    message: 'the sandbox of the build ended, or did not end',
  });
}
