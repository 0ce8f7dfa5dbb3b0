import type { Composition } from './compose.ts';
import { checkDenials } from './deny-list.ts';
import { isSshUrl } from './git-url.ts';
import { guardedFields } from './pipelock-fields.ts';
import { type Problems, quote } from './problems.ts';
import type { ReferencedFiles } from './referenced-files.ts';
import type { WrittenBottle } from './schema/bottle.ts';
import { checkGitSecret, checkHostVariable, checkRootfs, type Trust } from './trust.ts';
import type { WrittenFile } from './written-file.ts';
import type { WrittenTree } from './written-tree.ts';

interface Against {
  readonly trust: Trust;
  readonly files: ReferencedFiles;
}

/** Checks what each bottle file says by itself, and whom agents and fleet deny, whether an agent uses it or not. */
export function checkBottles(
  { fleet, agents, bottles }: WrittenTree,
  against: Against,
  problems: Problems,
): void {
  for (const file of [fleet, ...agents.values()]) if (file !== null) checkDenials(file, problems);

  for (const file of bottles.values()) if (file !== null) checkBottle(file, against, problems);
}

function checkBottle(
  file: WrittenFile<WrittenBottle>,
  { trust, files }: Against,
  problems: Problems,
): void {
  const { image, skills = [] } = file.value;
  if (image !== undefined && 'dockerfile' in image) {
    files.dockerfile(image.dockerfile, {
      file: file.path,
      at: file.locate.value(['image', 'dockerfile']),
    });
  }
  if (image !== undefined && 'rootfs' in image) {
    const at = file.locate.value(['image', 'rootfs']);
    checkRootfs(image.rootfs, trust, problems, { file: file.path, at });
  }
  for (const [index, name] of skills.entries()) {
    const at = file.locate.value(['skills', index]);
    files.skill(name.replace(/^\+/, ''), { file: file.path, at });
  }
  for (const [name, value] of Object.entries(file.value.env ?? {})) {
    if (typeof value !== 'object' || !('fromHost' in value)) continue;
    const at = file.locate.value(['env', name, 'fromHost']);
    checkHostVariable(value.fromHost, trust, problems, { file: file.path, at });
  }
  checkDenials(file, problems);
  for (const path of guardedFields(file.value.pipelock?.extra ?? {})) {
    problems.error({
      code: 'invalid-value',
      message: `${quote(path.join('.'))} of pipelock.yaml is set by bb alone`,
      hint: 'hosts belong in allowlists/ and routes/',
      file: file.path,
      at: file.locate.key(['pipelock', 'extra', ...path]),
    });
  }
  if (Object.keys(file.value.gitGate?.repos ?? {}).length > 0) {
    const message = 'git-gate is not there yet: a push to these repositories is refused';
    const at = file.locate.key(['gitGate']);
    problems.warning({
      code: 'not-supported',
      message,
      hint: 'push from outside the bottle',
      file: file.path,
      at,
    });
  }
}

/** Checks the repositories of a composition, whose fields may come from several files. */
export function checkRepos(repos: Composition['repos'], trust: Trust, problems: Problems): void {
  for (const [name, { repo, file }] of repos) {
    const place = { file: file.path, at: file.locate.key(['gitGate', 'repos', name]) };
    if (repo.url === undefined) {
      const message = `repository ${quote(name)} has no url`;
      problems.error({
        code: 'missing-key',
        message,
        hint: 'url: ssh://git@git.example/me/site.git',
        ...place,
      });
      continue;
    }
    if (isSshUrl(repo.url) && repo.hostKey === undefined) {
      const message = `repository ${quote(name)} is reached by ssh and pins no host key`;
      problems.error({
        code: 'missing-host-key',
        message,
        hint: 'add hostKey: with what ssh-keyscan prints',
        ...place,
      });
    }
    if (repo.key !== undefined) {
      checkGitSecret({ secret: repo.key.secret, url: repo.url }, trust, problems, place);
    }
  }
}
