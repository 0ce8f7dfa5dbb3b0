import { loadDesiredState } from '../desired/load.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { openGit } from './adapters/git.ts';
import { loadHostConfig } from './adapters/host-config.ts';
import { systemClock } from './adapters/system-clock.ts';
import { readWorkingTree } from './adapters/working-tree-files.ts';
import type { Answer, ControllerOptions, Refusal } from './api.ts';
import type { Git } from './ports/git.ts';

export interface ValidateRequest extends ControllerOptions {
  readonly source:
    | { readonly kind: 'working-tree' }
    /** Undefined: the tip of the branch. */
    | { readonly kind: 'commit'; readonly revision: string | undefined };
}

export interface ValidateReport {
  /** What was read: `working tree`, or `main@1a2b3c4d`. */
  readonly checked: string;
  /** Bottles that it asks for; 0 while it is not valid. */
  readonly bottles: number;
  readonly diagnostics: readonly Diagnostic[];
}

interface ReadFiles {
  readonly checked: string;
  readonly files: ReadonlyMap<string, TreeFile>;
}

/** All problems of a commit or of the working tree. Needs git and the host's settings, no engine, no state. */
export async function validateDesiredState(
  request: ValidateRequest,
): Promise<Answer<ValidateReport>> {
  const { environment, configDirectory = null } = request;
  const host = await loadHostConfig({ environment, directory: configDirectory });
  if (!host.ok) {
    return refuse('host-config', 'the host configuration cannot be used', {
      hint: 'mend the files above; they say which secrets may go where',
      diagnostics: host.diagnostics,
    });
  }
  const { branch, folder, repository } = host.config.source;
  const opened = await openGit({
    repository: request.repository ?? repository ?? '.',
    branch,
    folder,
  });
  if (!opened.ok) return refuse('source', opened.problem.message, { hint: opened.problem.hint });
  const read = await readFiles(opened.git, request.source);
  if (!read.ok) return read;
  const { checked, files } = read.value;
  const { desired, diagnostics } = loadDesiredState(files, host.policy, {
    nowMs: systemClock.nowMs(),
  });
  const bottles = desired === null ? 0 : Object.keys(desired.bottles).length;
  return { ok: true, value: { checked, bottles, diagnostics } };
}

async function readFiles(git: Git, source: ValidateRequest['source']): Promise<Answer<ReadFiles>> {
  if (source.kind === 'working-tree') {
    const files = await readWorkingTree(git.repository, git.folder);
    if (files !== null) return { ok: true, value: { checked: 'working tree', files } };
    return refuse('source', `${git.repository} has no working tree`, {
      hint: 'it is a bare repository: name a commit instead',
    });
  }
  if (source.revision === undefined) {
    const tip = await git.resolve();
    if (tip.kind === 'problem') {
      return refuse('source', tip.problem.message, { hint: tip.problem.hint });
    }
    const checked = `${git.branch}@${tip.revision.slice(0, 8)}`;
    return { ok: true, value: { checked, files: await git.readTree(tip.revision) } };
  }
  const revision = await git.resolveRevision(source.revision);
  if (revision === null) {
    return refuse('not-found', `there is no commit "${source.revision}"`, {
      hint: 'git log shows what there is',
    });
  }
  return {
    ok: true,
    value: { checked: revision.slice(0, 8), files: await git.readTree(revision) },
  };
}

function refuse(
  kind: Refusal['kind'],
  message: string,
  more: { readonly hint: string; readonly diagnostics?: readonly Diagnostic[] },
): Answer<never> {
  return { ok: false, refusal: { kind, message, diagnostics: [], ...more } };
}
