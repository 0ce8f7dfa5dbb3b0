import { type ComponentRef, runtimeName } from '../../model/component.ts';
import { type Backend, BackendError } from '../backend.ts';
import {
  createContainer,
  removeContainer,
  signalContainer,
  startContainer,
  stopContainer,
} from './containers.ts';
import { createDiskMeter } from './disk-meter.ts';
import { diskWords } from './disk-words.ts';
import { ensureImage } from './ensure-image.ts';
import { sessionCommand } from './enter.ts';
import { execInContainer } from './exec.ts';
import { getFile, putFiles } from './files.ts';
import { rootParts } from './layout.ts';
import { fileLines } from './logs.ts';
import { openMachine } from './machine.ts';
import { observeFleet } from './observe.ts';
import { mustRun, ownRecord } from './owned.ts';
import { probeMachine } from './probe.ts';
import { isBusy } from './sessions.ts';
import { snapshotContainer } from './snapshot.ts';
import { sandboxStats } from './stats.ts';
import { containerTurn, inTurn } from './turns.ts';
import { watchFleet } from './watch.ts';

/**
 * Bottles without an engine: bubblewrap sandboxes over this machine's own programs, with everything that is known of
 * them in files below `directory`. Nothing runs for them when nobody does; whoever opens the folder has them. One controller
 * at a time: calls for one container are put in turn within a process only.
 */
export function createEmbeddedBackend({ directory }: { readonly directory: string }): Backend {
  const machine = openMachine(directory);
  const { layout } = machine;
  const measure = createDiskMeter(layout);
  const turn = <Value>(verb: string, ref: ComponentRef, call: () => Promise<Value>) =>
    classified(`${verb} ${runtimeName(ref)}`, () => inTurn(containerTurn(directory, ref), call));
  return {
    name: 'embedded',
    capabilities: {
      reload: true,
      internalNetwork: false,
      freeze: true,
      capabilityChange: true,
      wholeDockerfiles: false,
      rootfs: true,
      attach: true,
      otherUsers: false,
      diskLimit: true,
      closedRuntimes: [],
    },
    probe: () => probeMachine(),
    async observe(fleet) {
      try {
        return await observeFleet(machine, fleet);
      } catch (error) {
        return { available: false, reason: `observing: ${wordsOf(error)}` };
      }
    },
    watch: (fleet, onHint, signal) => watchFleet(machine, fleet, onHint, signal),
    ensureImage: (build, onProgress) =>
      classified(`making ${build.reference}`, () => ensureImage(machine, build, onProgress)),
    // A bottle's network is its namespace, which comes with its containers.
    createNetwork: () => Promise.resolve(),
    createContainer: (spec, env) =>
      turn('creating', spec.identity, () => createContainer(machine, spec, env)),
    start: (ref) => turn('starting', ref, () => startContainer(machine, ref)),
    stop: (ref, graceMs) => turn('stopping', ref, () => stopContainer(machine, ref, graceMs)),
    remove: (ref) =>
      ref.component === 'agent' || ref.component === 'sidecars'
        ? turn('removing', ref, () => removeContainer(machine, ref))
        : Promise.resolve(),
    exec: async (ref, request) => {
      await ownRecord(layout, ref);
      return classified(`running a program in ${runtimeName(ref)}`, () =>
        execInContainer(machine, ref, request),
      );
    },
    attachCommand: (ref, argv, held = null) =>
      wayInto(ref, () => sessionCommand(machine, ref, argv, { kind: 'terminal', held })),
    execCommand: (ref, argv) =>
      wayInto(ref, () => sessionCommand(machine, ref, argv, { kind: 'pipe' })),
    copyIn: (ref, folder, files) =>
      turn('copying into', ref, () => putFiles(machine, ref, folder, files)),
    copyOut: (ref, path, maxBytes) =>
      turn('copying out of', ref, () => getFile(machine, ref, path, maxBytes)),
    isBusy: (ref) => isBusy(layout, ref),
    signal: (ref, signal) => signalContainer(machine, ref, signal),
    async *logs(ref, options) {
      await ownRecord(layout, ref);
      yield* fileLines(rootParts(layout.root(runtimeName(ref))).log, options);
    },
    snapshot: (ref, reference) =>
      turn('saving', ref, () => snapshotContainer(machine, ref, reference)),
    diskUse: (fleet, limits, signal) =>
      classified('measuring disks', () => measure(fleet, limits, signal)),
    async stats(ref) {
      await ownRecord(layout, ref);
      return sandboxStats(mustRun(layout, ref).init.pid);
    },
  };
}

/** A way in, whose arguments are in a file. */
function wayInto<Way>(ref: ComponentRef, make: () => Way): Way {
  try {
    return make();
  } catch (error) {
    throw toBackendError(`preparing the way into ${runtimeName(ref)}`, error);
  }
}

/** Every failure as what the controller reads: what a disk or a process says is tried again. */
async function classified<Value>(doing: string, call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    throw toBackendError(doing, error);
  }
}

function toBackendError(doing: string, error: unknown): unknown {
  if (error instanceof BackendError) return error;
  if (error instanceof Error && error.name === 'AbortError') return error;
  const { message, ...rest } = diskWords(error) ?? { message: wordsOf(error) };
  return new BackendError({
    ...{ code: 'failed', kind: 'transient', message: `${doing}: ${message}`, cause: error },
    ...rest,
  });
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
