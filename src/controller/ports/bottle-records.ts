import type { AgentName, BottleName } from '../../model/names.ts';

/** What is known of a bottle without its commit: shown for what is left over when the commit no longer has it. */
export interface BottleMetadata {
  readonly slug: BottleName;
  readonly agent: AgentName;
  /** `claude`, `codex` or `custom`; null where an older version of bb did not write it. */
  readonly provider: string | null;
  /** Where it was made: what a resume goes to, whatever the default is by then. */
  readonly backend: string | null;
  /** Names of the bottle files that it was composed of. */
  readonly bottles: readonly string[];
  /** Folder of the host that was copied into it. */
  readonly workspace: string | null;
  readonly label: string | null;
  readonly color: string | null;
  /** Reference of the agent's image, as the engine knows it. */
  readonly image: string | null;
  /** RFC 3339 of the first time it was asked for. */
  readonly createdAt: string;
  /** RFC 3339 of the newest start of its agent by bb. */
  readonly started: string | null;
}

/** Says that an agent ended by itself, and badly: its files are kept when its instance leaves the commit. */
interface PreservedMark {
  /** RFC 3339 of when it was seen. */
  readonly at: string;
  readonly exitCode: number | null;
  /** Words: `exit code 1`. */
  readonly reason: string;
}

/** What is written down of each bottle beside its sidecars' files. Writes throw `StoreError`. */
export interface BottleRecords {
  /** Null where it is absent or damaged. */
  readMetadata(bottle: BottleName): Promise<BottleMetadata | null>;
  writeMetadata(bottle: BottleName, metadata: BottleMetadata): Promise<void>;
  /** A damaged mark is still a mark: nothing is lost because of it. */
  readMark(bottle: BottleName): Promise<PreservedMark | null>;
  writeMark(bottle: BottleName, mark: PreservedMark): Promise<void>;
  clearMark(bottle: BottleName): Promise<void>;
  /** Transcripts of the agent's sessions as a tar archive that the agent wrote, so not to be trusted; null = none. */
  readSessions(bottle: BottleName): Promise<Uint8Array | null>;
  writeSessions(bottle: BottleName, archive: Uint8Array): Promise<void>;
  /** Moves all state of the bottle to where nothing takes it away, in place of what was kept of it before. */
  keep(bottle: BottleName): Promise<void>;
  /** Removes the records. What else is in the bottle's folder stays. */
  remove(bottle: BottleName): Promise<void>;
}
