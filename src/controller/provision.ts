import type { BottleSpec, ProviderSpec } from '../model/bottle-spec.ts';
import type { CopiedFile } from '../model/component.ts';
import type { Fingerprint } from '../model/names.ts';
import { AGENT_TRUST_PATH } from '../model/state-layout.ts';
import { StepFailed } from './failure.ts';
import type { WorkspaceReader } from './ports/workspace-reader.ts';

/** Home of the agent's user in every agent image. */
export const AGENT_HOME = '/home/agent';

/**
 * Makes the system's certificate store the bottle's: a link into the trust mount, so that it can be placed before the
 * certificate exists and follows a rotation. Every TLS connection of the agent ends at egress, so nothing else is
 * trusted.
 */
export const SYSTEM_TRUST: { readonly folder: string; readonly files: readonly CopiedFile[] } = {
  folder: '/etc/ssl/certs',
  files: [
    {
      path: 'ca-certificates.crt',
      content: { linkTo: `${AGENT_TRUST_PATH}/ca.pem` },
      mode: 0o777,
      uid: 0,
      gid: 0,
    },
  ],
};

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Everything that is put into an agent before it starts, relative to its home: prompt, skills, git identity and the
 * workspace copy. All of it or an error: a bottle that misses its prompt must not start.
 */
export async function provisionedFiles(
  spec: BottleSpec,
  contents: ReadonlyMap<Fingerprint, Uint8Array>,
  owner: Owner,
  workspaces: WorkspaceReader,
): Promise<readonly CopiedFile[]> {
  const file = (path: string, content: Uint8Array, mode = 0o644): CopiedFile => ({
    path,
    content,
    mode,
    ...owner,
  });
  const files: CopiedFile[] = [file('.gitconfig', new TextEncoder().encode(gitConfig(spec)))];
  if (spec.prompt !== null) {
    files.push(file('.bb/prompt.md', contentOf(contents, spec.prompt.digest, 'prompt')));
  }
  for (const [name, skill] of Object.entries(spec.skills)) {
    for (const { path, digest, executable } of skill) {
      const content = contentOf(contents, digest, `skill ${name}`);
      const target = `${skillFolder(spec.provider)}/${name}/${path}`;
      files.push(file(target, content, executable ? 0o755 : 0o644));
    }
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

function skillFolder(provider: ProviderSpec): string {
  switch (provider.kind) {
    case 'claude':
      return '.claude/skills';
    case 'codex':
      return '.codex/skills';
    case 'custom':
      return '.bb/skills';
  }
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
