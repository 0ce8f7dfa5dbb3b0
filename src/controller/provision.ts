import { relative } from 'node:path';
import type { BottleSpec } from '../model/bottle-spec.ts';
import type { Clock } from '../model/clock.ts';
import type { CopiedFile } from '../model/component.ts';
import type { Fingerprint } from '../model/names.ts';
import { AGENT_HOME, type LoginFacts, PROMPT_FILE } from '../model/providers/provider.ts';
import { KNOWN_PROVIDERS, providerLogin, providerOf } from '../model/providers/provider-of.ts';
import { AGENT_JAVA_STORE, AGENT_TRUST_PATH } from '../model/state-layout.ts';
import { StepFailed } from './failure.ts';
import type { Secrets } from './ports/secrets.ts';
import type { WorkspaceReader } from './ports/workspace-reader.ts';

/**
 * Makes the system's certificate store the bottle's: a link into the trust mount, so that it can be placed before the
 * certificate exists and follows a rotation. Every TLS connection of the agent ends at egress, so nothing else is
 * trusted.
 */
export const SYSTEM_TRUST: { readonly folder: string; readonly files: readonly CopiedFile[] } = {
  folder: '/etc/ssl/certs',
  files: [
    ['ca-certificates.crt', `${AGENT_TRUST_PATH}/ca.pem`] as const,
    // Debian's place for every Java.
    ['java/cacerts', AGENT_JAVA_STORE] as const,
  ].map(([path, linkTo]) => ({ path, content: { linkTo }, mode: 0o777, uid: 0, gid: 0 })),
};

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Everything that is put into an agent before it starts, relative to its home: prompt, skills, git identity, its
 * program's own files and the workspace copy. All of it or an error: a bottle that misses its prompt must not start.
 */
export async function provisionedFiles(
  spec: BottleSpec,
  contents: ReadonlyMap<Fingerprint, Uint8Array>,
  ports: {
    readonly owner: Owner;
    readonly workspaces: WorkspaceReader;
    readonly secrets: Secrets;
    readonly clock: Clock;
  },
): Promise<readonly CopiedFile[]> {
  const { owner, workspaces } = ports;
  const provider = providerOf(spec.provider);
  const file = (path: string, content: Uint8Array, mode = 0o644): CopiedFile => ({
    path,
    content,
    mode,
    ...owner,
  });
  const files: CopiedFile[] = [file('.gitconfig', new TextEncoder().encode(gitConfig(spec)))];
  if (spec.prompt !== null) {
    files.push(
      file(relative(AGENT_HOME, PROMPT_FILE), contentOf(contents, spec.prompt.digest, 'prompt')),
    );
  }
  for (const [name, skill] of Object.entries(spec.skills)) {
    for (const { path, digest, executable } of skill) {
      const content = contentOf(contents, digest, `skill ${name}`);
      const target = `${provider.skills}/${name}/${path}`;
      files.push(file(target, content, executable ? 0o755 : 0o644));
    }
  }
  const account = await accountOf(spec, ports.secrets);
  const facts = { login: providerLogin(spec.provider), account, nowMs: ports.clock.nowMs() };
  for (const { path, text } of provider.files(facts)) {
    files.push(file(path, new TextEncoder().encode(text), 0o600));
  }
  if (spec.workspace !== null) {
    for (const copied of await workspaces.read(spec.workspace.copy, owner)) {
      files.push({ ...copied, path: `work/${copied.path}` });
    }
  }
  return files;
}

function contentOf(
  contents: ReadonlyMap<Fingerprint, Uint8Array>,
  digest: Fingerprint,
  what: string,
): Uint8Array {
  const content = contents.get(digest);
  if (content === undefined) {
    throw new StepFailed({
      kind: 'terminal',
      message: `the text of the ${what} (${digest.slice(0, 12)}) is not in the commit`,
      hint: 'commit the file and reconcile again',
    });
  }
  return content;
}

/** The host's login that egress uses for the provider's hosts. */
function accountOf({ egress }: BottleSpec, secrets: Secrets): Promise<LoginFacts | null> {
  const own: readonly string[] = KNOWN_PROVIDERS.codex.hosts;
  const auth = egress.routes.find(({ host }) => own.includes(host))?.auth ?? null;
  return auth === null ? Promise.resolve(null) : secrets.login(auth.secret);
}

/** Values are quoted for git's configuration syntax, so that a name cannot open a section of its own. */
function gitConfig(spec: BottleSpec): string {
  const quote = (value: string): string =>
    `"${value.replace(/[\\"]/g, '\\$&').replace(/[\p{Cc}]/gu, ' ')}"`;
  const lines = ['[init]', '\tdefaultBranch = main'];
  const { name, email } = spec.gitUser;
  if (name !== null || email !== null) lines.push('[user]');
  if (name !== null) lines.push(`\tname = ${quote(name)}`);
  if (email !== null) lines.push(`\temail = ${quote(email)}`);
  return `${lines.join('\n')}\n`;
}
