import type { FleetName, Revision } from '../model/names.ts';
import { loadHostConfig } from './adapters/host-config.ts';
import { hostSecrets } from './adapters/secrets.ts';
import { stateDirectory } from './adapters/state-directory.ts';
import type { Answer, ControllerOptions } from './api.ts';
import type { HostSettings } from './host-config.ts';
import { fleetNameIn, openRepository } from './open-source.ts';
import type { Git } from './ports/git.ts';

/** A branch to be read, and nothing else: no state, no engine, no lock. */
export interface OpenedHistory {
  readonly git: Git;
  /** As it is, whoever made it: what should not be there has to be seen too. */
  readonly tip: Revision;
  readonly host: HostSettings;
}

/** Opens the repository for those who only look at what is committed. */
export async function openHistory(options: ControllerOptions): Promise<Answer<OpenedHistory>> {
  const { environment, configDirectory = null } = options;
  const host = await loadHostConfig({ environment, directory: configDirectory });
  if (!host.ok) {
    const { diagnostics } = host;
    const message = 'the host configuration cannot be used';
    const hint = 'mend the files below; they say what is followed and who is trusted';
    return { ok: false, refusal: { kind: 'host-config', message, hint, diagnostics } };
  }
  const opened = await openRepository(options, host.config, hostSecrets(host.secrets, environment));
  if (!opened.ok) return opened;
  const git = opened.value;
  // A remote is asked for what is new; when it does not answer, what it said last is what there is.
  if (git.remote() !== null) await git.resolve();
  const tip = await git.tip();
  if (tip !== null) return { ok: true, value: { git, tip, host } };
  const message = `${git.repository} has no commit on ${git.branch}`;
  const hint = 'commit the desired state first, or name the right repository with --repo';
  return { ok: false, refusal: { kind: 'source', message, hint, diagnostics: [] } };
}

/** What a fleet that is known by a branch left on this host. */
export interface OpenedFleet extends OpenedHistory {
  readonly fleet: FleetName;
  /** Where its state is. */
  readonly directory: string;
}

/** Opens the repository for those who hold what this host recorded of the fleet against it. */
export async function openFleetHistory(options: ControllerOptions): Promise<Answer<OpenedFleet>> {
  const opened = await openHistory(options);
  if (!opened.ok) return opened;
  const { git, tip } = opened.value;
  const fleet = fleetNameIn(git, await git.readTree(tip));
  if (!fleet.ok) return fleet;
  const directory = stateDirectory(options.environment, fleet.value);
  return { ok: true, value: { ...opened.value, fleet: fleet.value, directory } };
}
