import { isBelowGitUrl } from '../../desired/git-url.ts';
import { accepted } from '../../desired/parsed.ts';
import { FILE_START, type Problems } from '../../desired/problems.ts';
import type { WrittenFile } from '../../desired/written-file.ts';
import type { HostConfig, RemoteSettings } from '../host-config.ts';
import type { WrittenConfig, WrittenSecrets } from './host-config-schema.ts';
import { parseListen, parsePoll } from './remote-fields.ts';
import { isRemote } from './remote-url.ts';

type WrittenSource = NonNullable<WrittenConfig['source']>;

/** Any name does where a token is the password; a forge that wants another one is told it. */
const USERNAME = 'bb';
const POLL_MS = 30_000;

/** What is followed, with every default. */
export function completeSource(
  source: WrittenSource | undefined,
  toPath: (raw: string) => string,
): HostConfig['source'] {
  const raw = source?.repository;
  const remote = raw !== undefined && isRemote(raw) ? completeRemote(raw, source) : null;
  return {
    repository: raw === undefined || remote !== null ? null : toPath(raw),
    remote,
    branch: source?.branch ?? null,
    folder: source?.folder ?? 'desired-state',
  };
}

function completeRemote(url: string, source: WrittenSource | undefined): RemoteSettings {
  const { poll, credential, webhook } = source ?? {};
  return {
    url,
    pollMs: poll === undefined ? POLL_MS : accepted(parsePoll(poll)),
    credential:
      credential === undefined
        ? null
        : { username: credential.username ?? USERNAME, secret: credential.secret },
    webhook:
      webhook === undefined
        ? null
        : { listen: accepted(parseListen(webhook.listen)), secret: webhook.secret },
  };
}

/** Secrets of the remote must be there, and the credential may go to the URLs that it is for alone. */
export function checkSourceSecrets(
  config: WrittenFile<WrittenConfig> | null,
  secrets: WrittenSecrets,
  problems: Problems,
): void {
  const { repository, credential, webhook } = config?.value.source ?? {};
  for (const [key, used] of Object.entries({ credential, webhook })) {
    if (used === undefined) continue;
    const at = config?.locate.value(['source', key, 'secret']) ?? FILE_START;
    const file = config?.path ?? '';
    const name = used.secret;
    const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (secret === undefined) {
      const hint = 'declare it there with its source';
      const message = `secret ${name} is not in secrets.yaml`;
      problems.error({ code: 'unknown-secret', message, hint, file, at });
    } else if (
      key === 'credential' &&
      !(secret.gitUrls ?? []).some((prefix) => isBelowGitUrl(repository ?? '', prefix))
    ) {
      problems.error({
        code: 'secret-off-list',
        message: `secret ${name} is not for ${repository ?? ''}`,
        hint: 'add the URL to its "gitUrls" in secrets.yaml',
        file,
        at,
      });
    }
  }
}
