import { createHash } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { type FleetName, parseFleetName } from '../model/names.ts';
import { openGit } from './adapters/git.ts';
import type { TrustOptions } from './adapters/git-trust.ts';
import { openRemoteGit } from './adapters/remote-git.ts';
import { stateRoot } from './adapters/state-directory.ts';
import { systemClock } from './adapters/system-clock.ts';
import { systemRandom } from './adapters/system-random.ts';
import type { Answer, ControllerOptions, Refusal } from './api.ts';
import type { HostConfig, RemoteSettings, VerifySettings } from './host-config.ts';
import { resolveTip, sourceRefusal } from './pass.ts';
import type { Git } from './ports/git.ts';
import type { Secrets } from './ports/secrets.ts';

/** What a controller follows, and the fleet that it describes. */
export interface OpenedSource {
  readonly git: Git;
  readonly fleet: FleetName;
  /** Folder of the repository; of a remote one, of its mirror. */
  readonly directory: string;
}

/** A repository that was found; `known` reads what is here already, without asking a remote. */
interface Located {
  readonly git: Git;
  readonly known: Git;
  readonly directory: string;
}

/** Opens the repository, and finds the fleet that it describes. */
export async function openSource(
  options: ControllerOptions,
  config: HostConfig,
  secrets: Secrets,
): Promise<Answer<OpenedSource>> {
  const located = await find(options, config, secrets);
  if (!located.ok) return located;
  const { git, known, directory } = located.value;
  const fleet = await fleetOf(known);
  return fleet.ok ? { ok: true, value: { git, fleet: fleet.value, directory } } : fleet;
}

/** The repository that the command line, or else the host's configuration, names. */
export async function openRepository(
  options: ControllerOptions,
  config: HostConfig,
  secrets: Secrets,
): Promise<Answer<Git>> {
  const located = await find(options, config, secrets);
  return located.ok ? { ok: true, value: located.value.git } : located;
}

function find(
  options: ControllerOptions,
  config: HostConfig,
  secrets: Secrets,
): Promise<Answer<Located>> {
  const { remote } = config.source;
  return remote !== null && options.repository === undefined
    ? locateRemote(remote, options, config, secrets)
    : locate(options, config);
}

async function locate(
  options: ControllerOptions,
  { source, verify }: HostConfig,
): Promise<Answer<Located>> {
  const repository = resolve(options.repository ?? source.repository ?? '.');
  const { branch, folder } = source;
  const inside = verify === null ? null : trustedFrom(repository, verify);
  if (inside !== null) return refuse(trustedFromWithin(inside));
  const trust = verify === null ? null : trustOptions(options, verify, `${repository}\0${branch}`);
  const opened = await openGit({ repository, branch, folder, trust });
  if (!opened.ok) return refuse(sourceRefusal(opened.problem));
  const { git } = opened;
  return { ok: true, value: { git, known: git, directory: repository } };
}

async function locateRemote(
  remote: RemoteSettings,
  options: ControllerOptions,
  { source, verify }: HostConfig,
  secrets: Secrets,
): Promise<Answer<Located>> {
  const { branch, folder } = source;
  const opened = await openRemoteGit({
    remote,
    branch,
    folder,
    trust: verify === null ? null : trustOptions(options, verify, `${remote.url}\0${branch}`),
    // No fleet's name begins with a dot.
    directory: join(stateRoot(options.environment), '.remotes'),
    secrets,
    clock: systemClock,
    random: systemRandom,
  });
  if (!opened.ok) return refuse(sourceRefusal(opened.problem));
  const { git, mirror, path } = opened;
  return { ok: true, value: { git, known: mirror, directory: path } };
}

/** A file of trust in the followed folder itself; null when none is. */
function trustedFrom(repository: string, verify: VerifySettings): string | null {
  const files = [verify.allowedSigners, verify.revokedKeys, verify.keyring];
  return files.find((file) => file !== null && !isOutside(relative(repository, file))) ?? null;
}

function isOutside(path: string): boolean {
  return path === '..' || path.startsWith('../');
}

function trustOptions(
  { environment }: ControllerOptions,
  verify: VerifySettings,
  source: string,
): TrustOptions {
  const id = createHash('sha256').update(source).digest('hex').slice(0, 32);
  // No fleet's name begins with a dot.
  return { verify, directory: join(stateRoot(environment), '.trust', id) };
}

/** The name is read apart from the rest, so that a commit that is invalid elsewhere still finds its fleet's state. */
async function fleetOf(git: Git): Promise<Answer<FleetName>> {
  const tip = await resolveTip(git);
  if (!('refusal' in tip)) return fleetNameIn(git, await git.readTree(tip.revision));
  // A tip that is not trusted says nothing, not even this: the last one that was still serves.
  const last = await git.lastTrusted();
  return last === null ? refuse(tip.refusal) : fleetNameIn(git, await git.readTree(last));
}

/** The fleet that a commit's files name. */
export function fleetNameIn(
  { folder, branch }: Git,
  files: Awaited<ReturnType<Git['readTree']>>,
): Answer<FleetName> {
  const file = files.get('fleet.yaml');
  const text = file === undefined ? '' : new TextDecoder().decode(file.bytes);
  const raw: unknown = parseDocument(text).get('name');
  const name = typeof raw === 'string' ? parseFleetName(raw) : undefined;
  if (name !== undefined) return { ok: true, value: name };
  return refuse({
    kind: 'invalid',
    message: `${folder}/fleet.yaml of ${branch} names no fleet`,
    hint: 'write "name: home" there and commit; names are a-z, 0-9 and -',
    diagnostics: [],
  });
}

function trustedFromWithin(file: string): Refusal {
  return {
    kind: 'host-config',
    message: `${file} lies in the repository that it is to judge`,
    hint: 'whom this host trusts is for this host to say: keep it beside config.yaml',
    diagnostics: [],
  };
}

function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
