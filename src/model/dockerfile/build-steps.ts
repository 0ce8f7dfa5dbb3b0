import { insidePath, leadsOut } from './inside-path.ts';
import {
  type Instruction,
  OTHER_ENDING,
  otherEnding,
  readInstructions,
  WITHOUT_ENDING,
} from './instructions.ts';
import { jsonWords, substitute, wordsOf } from './words.ts';

/** Who and where a step is, as the instructions before it say. */
interface StepPlace {
  readonly line: number;
  /** For people: the instruction as it was written. */
  readonly text: string;
  readonly env: { readonly [name: string]: string };
  readonly user: { readonly uid: number; readonly gid: number };
  readonly workdir: string;
}

export type BuildStep = StepPlace &
  (
    | { readonly kind: 'run'; readonly argv: readonly string[] }
    | {
        readonly kind: 'copy';
        readonly sources: readonly string[];
        /** Absolute; ends with a slash when it is meant as a folder. */
        readonly target: string;
      }
    | { readonly kind: 'workdir' }
  );

export interface BuildSteps {
  /** What it is `FROM`, and where it says so. */
  readonly base: string;
  readonly line: number;
  readonly steps: readonly BuildStep[];
  /** What its `ENV` leaves to who runs in the image. */
  readonly env: { readonly [name: string]: string };
}

export interface DockerfileProblem {
  readonly line: number;
  readonly message: string;
}

/** Instructions that bb builds without an engine. */
const BUILT_INSTRUCTIONS = ['FROM', 'ARG', 'COPY', 'RUN', 'ENV', 'WORKDIR', 'USER'] as const;

const USERS = new Map([
  ['root', 0],
  ['agent', 1000],
  ['nobody', 65534],
]);

interface State {
  base: { readonly name: string; readonly line: number } | null;
  readonly args: Map<string, string>;
  readonly env: Map<string, string>;
  user: StepPlace['user'];
  workdir: string;
}

/**
 * What a Dockerfile comes to where bb builds it itself, in the order of its lines; or all that is beyond that, by line.
 * `buildArgs` are values of its `ARG`s. Pure.
 */
export function buildSteps(
  text: string,
  buildArgs: { readonly [name: string]: string },
):
  | { readonly ok: true; readonly value: BuildSteps }
  | { readonly ok: false; readonly problems: readonly DockerfileProblem[] } {
  const read = readInstructions(text);
  const ending = otherEnding(read);
  const problems: DockerfileProblem[] = [];
  const steps: BuildStep[] = [];
  const state: State = {
    base: null,
    args: new Map(),
    env: new Map(),
    user: { uid: 0, gid: 0 },
    workdir: '/',
  };
  if (ending !== null)
    problems.push({ line: ending, message: `${OTHER_ENDING}: ${WITHOUT_ENDING}` });
  for (const instruction of read.instructions) {
    const done = stepOf(instruction, state, buildArgs);
    if (typeof done === 'string') problems.push({ line: instruction.line, message: done });
    else if (done !== null) steps.push(done);
  }
  if (state.base === null) problems.push({ line: 1, message: 'it has no FROM' });
  if (problems.length > 0 || state.base === null) return { ok: false, problems };
  const { name: base, line } = state.base;
  return { ok: true, value: { base, line, steps, env: Object.fromEntries(state.env) } };
}

/** What stands against building it over `base`, which `$BASE` is; empty = nothing that can be told before. */
export function buildProblems(text: string, base: string): readonly DockerfileProblem[] {
  const read = buildSteps(text, { BASE: base });
  if (!read.ok) return read.problems;
  return read.value.base === base ? [] : [otherBase(read.value)];
}

/** Said of a Dockerfile over something that is not here. */
export function otherBase({ base, line }: Pick<BuildSteps, 'base' | 'line'>): DockerfileProblem {
  return {
    line,
    message: `FROM ${shown(base)}: only $BASE is here, so write ARG BASE and FROM $BASE`,
  };
}

/** A step, nothing, or what is wrong. */
function stepOf(
  instruction: Instruction,
  state: State,
  buildArgs: { readonly [name: string]: string },
): BuildStep | string | null {
  const { name, rest } = instruction;
  if (holdsNull(instruction)) return 'it holds a null character';
  const values = new Map([...state.args, ...state.env]);
  if (state.base === null && name !== 'FROM' && name !== 'ARG')
    return `${shown(name)} stands before FROM`;
  switch (name) {
    case 'FROM':
      return readFrom(instruction, state);
    case 'ARG': {
      const [, key = '', value] = /^(\w+)(?:=([\s\S]*))?$/.exec(rest) ?? [];
      if (key === '') return 'ARG is written ARG name or ARG name=value';
      const [fallback = ''] = wordsOf(value ?? '').map((word) => substitute(word, values));
      state.args.set(key, buildArgs[key] ?? fallback);
      return null;
    }
    case 'ENV':
      return readEnv(rest, state, values);
    case 'USER':
      return readUser(substitute(rest, values), state);
    case 'WORKDIR': {
      const [path = ''] = wordsOf(rest).map((word) => substitute(word, values));
      if (path === '') return 'WORKDIR names no folder';
      state.workdir = insidePath(state.workdir, path);
      return { kind: 'workdir', ...placeOf(instruction, state) };
    }
    case 'RUN':
      return readRun(instruction, state);
    case 'COPY':
      return readCopy(instruction, state, values);
    default:
      return `${shown(name)} is not built without an engine, only ${BUILT_INSTRUCTIONS.join(', ')} are`;
  }
}

/** It would end one argument of a program, and what follows would be another. */
function holdsNull({ name, rest }: Instruction): boolean {
  return [name, rest, ...(jsonWords(rest) ?? [])].some((text) => text.includes('\0'));
}

function readFrom({ line, rest }: Instruction, state: State): string | null {
  if (state.base !== null) return 'a second FROM: only one stage is built without an engine';
  const [base = '', ...more] = wordsOf(rest).map((word) => substitute(word, state.args));
  if (base.startsWith('--')) return `FROM ${shown(base)} is not built without an engine`;
  if (base === '') return 'FROM names nothing: write ARG BASE before it and FROM $BASE';
  const isNamed = more.length === 2 && more[0]?.toUpperCase() === 'AS';
  if (more.length > 0 && !isNamed) return 'FROM is written FROM base or FROM base AS name';
  state.base = { name: base, line };
  // As in an engine's builder, what was given before it counts after it only when it is named again.
  state.args.clear();
  return null;
}

function readEnv(rest: string, state: State, values: ReadonlyMap<string, string>): string | null {
  const words = wordsOf(rest).map((word) => substitute(word, values));
  const [first = '', ...others] = words;
  // The old form: a name, and the rest of the line is its value.
  const pairs = first.includes('=') ? words : [`${first}=${others.join(' ')}`];
  for (const pair of pairs) {
    const [, key = '', value = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(pair) ?? [];
    if (key === '') return 'ENV is written ENV name=value';
    state.env.set(key, value);
  }
  return null;
}

function readUser(rest: string, state: State): string | null {
  const [user = '', group = user] = rest.split(':');
  const [uid, gid] = [user, group].map((name) =>
    /^\d{1,9}$/.test(name) ? Number(name) : USERS.get(name),
  );
  if (uid === undefined || gid === undefined) {
    return `USER ${shown(rest)} is no number and none of ${[...USERS.keys()].join(', ')}`;
  }
  state.user = { uid, gid };
  return null;
}

function readRun(instruction: Instruction, state: State): BuildStep | string {
  const { rest } = instruction;
  if (rest === '') return 'RUN names no command';
  if (rest.startsWith('--'))
    return `RUN ${shown(rest.split(/\s/)[0] ?? '')} is not built without an engine`;
  if (/<<-?\s*["']?\w/.test(rest))
    return 'RUN with a heredoc is not built without an engine: write the lines with \\ at their ends';
  if (Buffer.byteLength(rest) > MAX_ARGUMENT) return `RUN is longer than ${MAX_ARGUMENT} bytes`;
  const argv = jsonWords(rest) ?? ['/bin/sh', '-c', rest];
  if (argv.length === 0) return 'RUN names no command';
  return { kind: 'run', argv, ...placeOf(instruction, state) };
}

/** The kernel takes no longer one. */
const MAX_ARGUMENT = 100_000;

function readCopy(
  instruction: Instruction,
  state: State,
  values: ReadonlyMap<string, string>,
): BuildStep | string {
  const { rest } = instruction;
  if (rest.startsWith('--'))
    return `COPY ${shown(rest.split(/[\s=]/)[0] ?? '')} is not built without an engine`;
  if (/<<-?\s*["']?\w/.test(rest)) return 'COPY with a heredoc is not built without an engine';
  const words = (jsonWords(rest) ?? wordsOf(rest)).map((word) => substitute(word, values));
  const [target = '', ...sources] = [...words.slice(-1), ...words.slice(0, -1)];
  if (sources.length === 0 || target === '') return 'COPY is written COPY source target';
  const outside = sources.find(leadsOut);
  if (outside !== undefined) return `COPY ${shown(outside)} leads out of the build context`;
  const pattern = sources.find((source) => /[*?[]/.test(source));
  if (pattern !== undefined)
    return `COPY ${shown(pattern)} is a pattern: name the file or its folder`;
  const isFolder = target.endsWith('/') || target.endsWith('/.') || target === '.';
  if (sources.length > 1 && !isFolder)
    return 'COPY of several sources needs a target that ends with /';
  const absolute = insidePath(state.workdir, target);
  return {
    ...{ kind: 'copy', sources, ...placeOf(instruction, state) },
    target: isFolder && absolute !== '/' ? `${absolute}/` : absolute,
  };
}

function placeOf(
  { line, name, rest }: Instruction,
  { args, env, user, workdir }: State,
): StepPlace {
  const seen = Object.fromEntries([...args, ...env]);
  return { line, text: `${name} ${rest}`, env: seen, user, workdir };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80)).slice(1, -1);
}
