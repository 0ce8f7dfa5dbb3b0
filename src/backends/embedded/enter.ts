import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ComponentRef, type ContainerSpec, runtimeName } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { heldTerminal, notedWay } from './held-terminal.ts';
import { joinPlace, limitedBy, resourceLimits } from './limits.ts';
import type { Machine } from './machine.ts';
import { isOnPath } from './on-path.ts';
import { ownProgram, prlimitOf } from './own-programs.ts';
import { mustRun } from './owned.ts';
import { quote } from './quote.ts';
import { type ContainerRecord, type HostUser, type RunRecord, readRecord } from './records.ts';
import { argumentsText, joiningArguments } from './sandbox-arguments.ts';
import { sandboxParts } from './sandbox-parts.ts';

/** Descriptors that a joining bubblewrap reads and closes. */
export const JOIN_ARGUMENTS = 3;
const JOIN_SECCOMP = 4;

/** A way into a container that runs. */
export interface Entrance {
  readonly record: ContainerRecord;
  /** argv in front of a program; descriptors 3 and 4 must be the arguments and the filter. */
  readonly argv: readonly string[];
  /** NUL-separated arguments for bubblewrap, the environment in them. */
  arguments(env: { readonly [name: string]: string }, ownSession: boolean): string;
}

/**
 * How a program joins a sandbox: as its user, first into the user namespace outside of it, whose rights are needed, then
 * into all others, then under a bubblewrap of its own that takes the rights away again and puts the filter on. The
 * program is in a user namespace beside the agent's: neither can look into the other's processes.
 */
export function entrance({ layout }: Machine, ref: ComponentRef, run: RunRecord): Entrance {
  const name = runtimeName(ref);
  const record = readRecord(layout.record(name));
  if (record === null) {
    throw new BackendError({
      code: 'not-found',
      kind: 'transient',
      message: `there is no container ${name}`,
    });
  }
  const { spec } = record;
  const { env, workdir, root } = sandboxParts(layout, layout.root(name), record);
  return {
    record,
    ...wayInto(run, {
      ...{ spec, env, workdir, user: record.hostUser },
      joins: joinPlace(run.monitor.pid),
      // Sidecars are in the host's network, where we are already and nobody needs to go.
      hasNetwork: ref.component === 'agent',
      hasImage: root !== null,
    }),
  };
}

/** A sandbox to be joined. */
export interface Inside {
  readonly spec: Pick<ContainerSpec, 'user' | 'resources'>;
  readonly env: { readonly [name: string]: string };
  readonly workdir: string;
  /** On the host; null = as ourselves. */
  readonly user: HostUser | null;
  /** Shell text that takes the program where the sandbox's limits are. */
  readonly joins: string;
  readonly hasNetwork: boolean;
  /** It is over an image's programs, none of which may run with the rights that a way in has. */
  readonly hasImage: boolean;
}

/** The way into a sandbox of which no record speaks. */
export function wayInto(run: RunRecord, inside: Inside): Omit<Entrance, 'record'> {
  const { spec, env, workdir, user, hasImage } = inside;
  const asUser =
    user === null
      ? []
      : [
          'setpriv',
          `--reuid=${user.uid}`,
          `--regid=${user.gid}`,
          '--clear-groups',
          '--no-new-privs',
        ];
  const network = inside.hasNetwork ? ['--net'] : [];
  const kinds = ['--mount', '--pid', '--ipc', '--uts', '--cgroup', ...network];
  const bwrap = hasImage ? ownProgram('bwrap') : ['bwrap'];
  return {
    argv: [
      ...['sh', '-c', `umask 022\n${inside.joins}exec "$@"`, 'sh', ...asUser],
      ...['nsenter', '-t', String(run.monitor.pid), '--user', '--preserve-credentials', '--'],
      ...['nsenter', '-t', String(run.init.pid), ...kinds, '--'],
      ...[...bwrap, '--args', String(JOIN_ARGUMENTS), '--'],
      // Also tells an absent program by the exit code that a shell has for it, which bubblewrap does not.
      ...limitedBy(prlimitOf(hasImage), ['--core=0', ...resourceLimits(spec.resources)]),
    ],
    arguments: (more, ownSession) =>
      argumentsText([
        ...joiningArguments({ spec, env: { ...env, ...more }, workdir }, { ownSession }),
        ...['--seccomp', String(JOIN_SECCOMP)],
      ]),
  };
}

/** How a person's program is run. `held` names a terminal that goes on when the person's own is closed. */
export type SessionKind =
  | { readonly kind: 'pipe' }
  | { readonly kind: 'terminal'; readonly held: string | null };

/**
 * A whole command line for a person's terminal or pipe. A terminal is made inside, by `script` or `dtach`: the host's own
 * is held by that alone, which no program of the agent can look into.
 */
export function sessionCommand(
  machine: Machine,
  ref: ComponentRef,
  argv: readonly string[],
  session: SessionKind,
): readonly string[] {
  const { argv: way, arguments: given } = entrance(machine, ref, mustRun(machine.layout, ref));
  const name = runtimeName(ref);
  const files = (file: string, text: string) => {
    const path = join(machine.layout.root(name), file);
    if (contentOf(path) !== text) writeFileSync(path, text, { mode: 0o600 });
    const noted = join(machine.layout.runs, name);
    return { arguments: path, seccomp: machine.seccompPath(), session: noted };
  };
  if (session.kind === 'pipe') return notedWay(files('exec', given({}, true)), [...way, ...argv]);
  const term = { TERM: terminalKind() };
  const attach = { files: files('attach', given(term, false)), way };
  if (session.held !== null && isOnPath('dtach', process.env['PATH'])) {
    const hold = { files: files('hold', given(term, true)), way };
    return heldTerminal({ name: session.held, argv, attach, hold });
  }
  const script = ['script', '--quiet', '--return', '--command', argv.map(quote).join(' ')];
  return notedWay(attach.files, [...way, ...script, '/dev/null']);
}

function terminalKind(): string {
  const kind = process.env['TERM'] ?? '';
  return /^[\w.+-]{1,40}$/.test(kind) ? kind : 'xterm-256color';
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
