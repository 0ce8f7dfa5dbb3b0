import { didYouMean } from '../model/did-you-mean.ts';
import { MAX_FILE_BYTES } from './decode-text.ts';
import { FILE_START, type Problems, quote } from './problems.ts';
import { parseSlug } from './schema/texts.ts';
import type { TreeFile } from './tree-file.ts';

const KIND_FOLDERS = ['agents', 'bottles', 'allowlists', 'routes', 'policies'] as const;
export type KindFolder = (typeof KIND_FOLDERS)[number];
const FILE_FOLDERS = ['prompts', 'images', 'skills'];
const MAX_FILES = 10_000;

/** A YAML file of a kind, by its place in the tree. */
interface Source {
  readonly path: string;
  readonly name: string;
  readonly file: TreeFile;
}

/** The files of a commit, sorted by what they are. */
export interface TreeLayout {
  readonly fleet: Source | null;
  readonly kinds: { readonly [folder in KindFolder]: readonly Source[] };
  /** Every file that may be referred to by its path; links and oversized files are not in here. */
  readonly files: ReadonlyMap<string, TreeFile>;
}

/** Sorts the files of a tree and reports those that are refused or that nothing reads. Null when there are too many. */
export function readLayout(
  tree: ReadonlyMap<string, TreeFile>,
  problems: Problems,
): TreeLayout | null {
  if (tree.size > MAX_FILES) {
    const message = `the tree has ${tree.size} files, more than ${MAX_FILES}`;
    problems.error({
      code: 'too-many-files',
      message,
      hint: 'keep other files out of this folder',
      file: '.',
      at: FILE_START,
    });
    return null;
  }
  const paths = [...tree.keys()].sort();
  reportCaseCollisions(paths, problems);
  const files = new Map<string, TreeFile>();
  const kinds: { [folder in KindFolder]: Source[] } = {
    agents: [],
    bottles: [],
    allowlists: [],
    routes: [],
    policies: [],
  };
  for (const path of paths) {
    const file = tree.get(path);
    if (file === undefined || !isAcceptable(path, file, problems)) continue;
    files.set(path, file);
    const kind = kindOf(path);
    if (kind === null) reportUnexpected(path, problems);
    else if (kind.folder !== null && hasValidName(path, kind.name, problems)) {
      kinds[kind.folder].push({ path, name: kind.name, file });
    }
  }
  const fleet = files.get('fleet.yaml');
  if (fleet === undefined && !tree.has('fleet.yaml')) {
    const hint = 'write one with at least "name: <fleet>"';
    problems.error({
      code: 'missing-file',
      message: 'fleet.yaml is missing',
      hint,
      file: 'fleet.yaml',
      at: FILE_START,
    });
  }
  return {
    fleet: fleet === undefined ? null : { path: 'fleet.yaml', name: 'fleet', file: fleet },
    kinds,
    files,
  };
}

function isAcceptable(path: string, file: TreeFile, problems: Problems): boolean {
  if (file.mode === '120000') {
    const message = 'a symbolic link is not followed';
    problems.error({
      code: 'symlink',
      message,
      hint: 'commit the file itself',
      file: path,
      at: FILE_START,
    });
    return false;
  }
  if (file.mode === '160000') {
    const message = 'a submodule is not read';
    problems.error({
      code: 'unexpected-file',
      message,
      hint: 'commit its files',
      file: path,
      at: FILE_START,
    });
    return false;
  }
  if (file.bytes.length > MAX_FILE_BYTES) {
    const message = `the file has ${file.bytes.length} bytes, more than 1 MiB`;
    problems.error({
      code: 'file-too-large',
      message,
      hint: 'split it or keep it elsewhere',
      file: path,
      at: FILE_START,
    });
    return false;
  }
  return true;
}

/** Folder and name of a kind's file; folder null for what is read only when something refers to it. */
function kindOf(
  path: string,
): { readonly folder: KindFolder | null; readonly name: string } | null {
  const steps = path.split('/');
  const [folder = '', base = ''] = steps;
  const kind = KIND_FOLDERS.find((candidate) => candidate === folder);
  if (kind !== undefined && steps.length === 2 && base.endsWith('.yaml')) {
    return { folder: kind, name: base.slice(0, -'.yaml'.length) };
  }
  const isFile = FILE_FOLDERS.includes(folder) && steps.length > 1;
  const isAside =
    steps.some((step) => step.startsWith('.')) ||
    /^(?:LICENSE|[^/]*\.md)$/i.test(steps.at(-1) ?? '');
  return path === 'fleet.yaml' || isFile || isAside ? { folder: null, name: path } : null;
}

function hasValidName(path: string, name: string, problems: Problems): boolean {
  const parsed = parseSlug(name);
  if (parsed.ok) return true;
  problems.error({
    code: parsed.code,
    message: `file name ${parsed.message}`,
    hint: parsed.hint,
    file: path,
    at: FILE_START,
  });
  return false;
}

/** A YAML file that nothing reads would silently not be in force: an error. Anything else: a warning. */
function reportUnexpected(path: string, problems: Problems): void {
  const problem = {
    code: 'unexpected-file',
    message: 'nothing reads this file',
    file: path,
    at: FILE_START,
  } as const;
  const [folder = ''] = path.split('/');
  const folders = [...KIND_FOLDERS, ...FILE_FOLDERS];
  if (!/\.(?:yaml|yml|json)$/i.test(path)) {
    problems.warning({ ...problem, hint: `files belong in ${folders.join(', ')}` });
    return;
  }
  const meant =
    path.includes('/') && !folders.includes(folder) ? didYouMean(folder, folders) : undefined;
  if (meant !== undefined)
    problems.error({ ...problem, hint: `did you mean ${quote(`${meant}/`)}?` });
  else if (/\.yml$/i.test(path)) problems.error({ ...problem, hint: 'rename it to end in .yaml' });
  else
    problems.error({
      ...problem,
      hint: `kinds are <kind>/<name>.yaml with ${KIND_FOLDERS.join(', ')}`,
    });
}

function reportCaseCollisions(paths: readonly string[], problems: Problems): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const folded = path.normalize('NFC').toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) {
      seen.set(folded, path);
      continue;
    }
    const message = `differs from ${quote(other)} only in case`;
    problems.error({
      code: 'case-collision',
      message,
      hint: 'rename one: some systems take both for one file',
      file: path,
      at: FILE_START,
    });
  }
}
