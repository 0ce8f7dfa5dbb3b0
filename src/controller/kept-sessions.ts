import { type Backend, BackendError, type BackendErrorCode } from '../backends/backend.ts';
import type { BottleSpec } from '../model/bottle-spec.ts';
import type { ComponentRef, CopiedFile } from '../model/component.ts';
import { foldersOf } from '../model/folders-of.ts';
import type { BottleName } from '../model/names.ts';
import { AGENT_HOME } from '../model/providers/provider.ts';
import { providerOf } from '../model/providers/provider-of.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { HostFacts } from '../reconcilers/plan-context.ts';
import type { Warning } from './perform-action.ts';
import type { BottleRecords } from './ports/bottle-records.ts';
import { readInside } from './read-inside.ts';
import { filesOfArchive } from './session-archive.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
const ARCHIVE = '.bb/sessions.tar';
/** First line of the script that packs them, and how it ends where there are none. */
export const PACKS_SESSIONS = '# keeps the sessions of an agent';
export const NO_SESSIONS = 44;
/** `tar` ends with 1 when a file grew while it was read: what it read is whole lines and one part of a line. */
const GREW = 1;
/** A shell's word for a program that wrote more than it may. */
const TOO_MUCH = 128 + 25;
const SHELL_BLOCK = 512;

/** Failures that no agent can bring about. */
const HOSTS: readonly BackendErrorCode[] = ['unavailable', 'permission-denied'];

/**
 * Saves the transcripts of a running agent's sessions, so that its successor can go on with them. What the host cannot
 * do now throws, and the agent stays; what this agent has made impossible is told, and stops nothing.
 */
export async function keepSessions(
  { provider }: Pick<BottleSpec, 'provider'>,
  agent: ComponentRef,
  ports: {
    readonly backend: Backend;
    readonly records: BottleRecords;
    readonly warn: (warning: Warning) => Promise<void>;
  },
): Promise<void> {
  const { transcripts } = providerOf(provider);
  if (transcripts === null) return;
  const { backend, records, warn } = ports;
  const tell = (problem: string) =>
    warn({
      reason: 'SessionsNotKept',
      message: `the new agent does not have all sessions of the old one: ${problem}`,
    });
  let archive: Uint8Array | null;
  try {
    const { exitCode } = await backend.exec(agent, {
      argv: ['sh', '-s'],
      stdin: packScript(transcripts),
      user: null,
      timeoutMs: TIMEOUT_MS,
    });
    if (exitCode === NO_SESSIONS) return;
    if (![0, GREW, TOO_MUCH].includes(exitCode)) return tell(`tar ended with ${exitCode}`);
    const file = { path: `${AGENT_HOME}/${ARCHIVE}`, maxBytes: MAX_BYTES };
    archive = await readInside(backend, agent, file);
    if (archive === null) return tell('tar left no archive');
    if (exitCode === TOO_MUCH) await tell(`only the newest fit into ${MAX_BYTES} bytes`);
  } catch (error) {
    if (!isMadeByAgent(error)) throw error;
    return tell(sanitizeLine(error.message));
  }
  await records.writeSessions(agent.bottle, archive);
}

/** An agent that hinders its own end, by hanging or by filling all that it has, is not to stay because of it. */
function isMadeByAgent(error: unknown): error is BackendError {
  return error instanceof BackendError && !HOSTS.includes(error.code);
}

/**
 * What was kept of the provider's own sessions, relative to the agent's home. Nothing else of the archive is taken, and
 * nothing in the place of a file that the bottle is `made` with, or in the way of one.
 */
export async function keptSessions(
  { provider }: Pick<BottleSpec, 'provider'>,
  place: {
    readonly bottle: BottleName;
    readonly records: BottleRecords;
    readonly host: Pick<HostFacts, 'agentUser'>;
  },
  made: readonly CopiedFile[],
): Promise<readonly CopiedFile[]> {
  const { transcripts } = providerOf(provider);
  const archive = transcripts === null ? null : await place.records.readSessions(place.bottle);
  if (transcripts === null || archive === null) return [];
  const files = new Set(made.map(({ path }) => path));
  const folders = new Set(made.flatMap(({ path }) => foldersOf(path)));
  const isFree = (path: string) =>
    !files.has(path) && !folders.has(path) && !foldersOf(path).some((folder) => files.has(folder));
  const kept = (await filesOfArchive(archive, transcripts)).filter(({ path }) => isFree(path));
  const owner = place.host.agentUser;
  return kept.map(({ path, content }) => ({ path, content, mode: 0o600, ...owner }));
}

/**
 * The pattern is of letters that a shell takes as they are, and of `*`. The newest come first, so that they are whole
 * where not all of them fit.
 */
function packScript(transcripts: string): string {
  return [
    PACKS_SESSIONS,
    `cd || exit 2; umask 077; ulimit -f ${MAX_BYTES / SHELL_BLOCK} || exit 2`,
    `set -- ${transcripts}; [ -e "$1" ] || exit ${NO_SESSIONS}`,
    `mkdir -p .bb && rm -f ${ARCHIVE} || exit 2`,
    `ls -dt -- "$@" | tar -cf ${ARCHIVE} -T -`,
    '',
  ].join('\n');
}
