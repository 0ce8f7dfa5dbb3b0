import { type Backend, BackendError } from '../backends/backend.ts';
import type { BottleSpec } from '../model/bottle-spec.ts';
import type { ComponentRef, CopiedFile } from '../model/component.ts';
import type { BottleName } from '../model/names.ts';
import { AGENT_HOME } from '../model/providers/provider.ts';
import { providerOf } from '../model/providers/provider-of.ts';
import type { HostFacts } from '../reconcilers/plan-context.ts';
import type { Warning } from './perform-action.ts';
import type { BottleRecords } from './ports/bottle-records.ts';
import { filesOfArchive } from './session-archive.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 20_000;
const ARCHIVE = '.bb/sessions.tar';
const NOTHING = 44;
/** `tar` ends with 1 when a file grew while it was read: what it read is whole lines and one part of a line. */
const GREW = 1;

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
      message: `the new agent begins without the sessions of the old one: ${problem}`,
    });
  const { exitCode } = await backend.exec(agent, {
    argv: ['sh', '-s'],
    stdin: packScript(transcripts),
    user: null,
    timeoutMs: TIMEOUT_MS,
  });
  if (exitCode === NOTHING) return;
  if (exitCode !== 0 && exitCode !== GREW) return tell(`tar ended with ${exitCode}`);
  let archive: Uint8Array | null;
  try {
    archive = await backend.copyOut(agent, `${AGENT_HOME}/${ARCHIVE}`, MAX_BYTES);
  } catch (error) {
    if (!(error instanceof BackendError) || error.kind !== 'terminal') throw error;
    return tell(error.message);
  }
  if (archive !== null) await records.writeSessions(agent.bottle, archive);
}

/** What was kept of the provider's own sessions, relative to the agent's home. Nothing else of the archive is taken. */
export async function keptSessions(
  { provider }: Pick<BottleSpec, 'provider'>,
  place: {
    readonly bottle: BottleName;
    readonly records: BottleRecords;
    readonly host: Pick<HostFacts, 'agentUser'>;
  },
): Promise<readonly CopiedFile[]> {
  const { transcripts } = providerOf(provider);
  const archive = transcripts === null ? null : await place.records.readSessions(place.bottle);
  if (transcripts === null || archive === null) return [];
  const files = await filesOfArchive(archive, transcripts);
  const owner = place.host.agentUser;
  return files.map(({ path, content }) => ({ path, content, mode: 0o600, ...owner }));
}

/** The pattern is of letters that a shell takes as they are, and of `*`. */
function packScript(transcripts: string): string {
  return [
    'cd || exit 2; umask 077',
    `set -- ${transcripts}; [ -e "$1" ] || exit ${NOTHING}`,
    `mkdir -p .bb && rm -f ${ARCHIVE} && exec tar -cf ${ARCHIVE} -- "$@"`,
    '',
  ].join('\n');
}
