import type { z } from 'zod';
import { decodeText } from './decode-text.ts';
import type { Locator, Path } from './locator.ts';
import type { Problems } from './problems.ts';
import { type ShapeProblem, shapeProblems } from './shape.ts';
import type { TreeFile } from './tree-file.ts';
import { parseYaml } from './yaml-file.ts';

/** A file of a kind as a person wrote it. */
export interface WrittenFile<Written> {
  readonly path: string;
  /** File name without `.yaml`. */
  readonly name: string;
  readonly value: Written;
  readonly locate: Locator;
}

/** How a kind is read beyond its schema. */
export interface Reading {
  /** A better hint for a problem, when the kind knows one. */
  readonly explain?: (problem: ShapeProblem) => string | undefined;
  /** What stands in for a key that cannot be read, so that the rest of its file is still checked. */
  readonly standIns?: { readonly [key: string]: (value: unknown) => unknown };
}

/**
 * Reads a file of a kind. Keys that do not fit are reported and left out, so that the rest of the file is still
 * checked; null when too little remains.
 */
export function readWritten<Schema extends z.ZodType>(
  source: { readonly path: string; readonly name: string; readonly file: TreeFile },
  schema: Schema,
  problems: Problems,
  reading: Reading = {},
): WrittenFile<z.infer<Schema>> | null {
  const { path, name } = source;
  const text = decodeText(path, source.file, problems);
  const yaml = text === null ? null : parseYaml(path, text, problems);
  if (yaml === null) return null;
  const { locate } = yaml;
  const result = schema.safeParse(yaml.value);
  if (result.success) return { path, name, value: result.data, locate };
  const found = shapeProblems(schema, yaml.value, result.error.issues);
  for (const problem of found) {
    const { code, message, isKey } = problem;
    const at = isKey ? locate.key(problem.path) : locate.value(problem.path);
    const hint = reading.explain?.(problem) ?? problem.hint;
    problems.error({ code, message, hint, file: path, at });
  }
  const paths = found.map((problem) => problem.path);
  const rest = readRest(schema, yaml.value, paths, reading);
  return rest === null ? null : { path, name, value: rest, locate };
}

/** What can be read of a broken file: first without the parts that are wrong, then without their whole keys. */
function readRest<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  wrong: readonly Path[],
  { standIns = {} }: Reading,
): z.infer<Schema> | null {
  const trimmed = schema.safeParse(wrong.reduce(without, value));
  if (trimmed.success) return trimmed.data;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const keys = new Set(wrong.map((path) => String(path[0])));
  const kept = Object.entries(value).filter(([key]) => !keys.has(key));
  const replaced = Object.entries(standIns).flatMap(([key, standIn]) =>
    keys.has(key) ? [[key, standIn((value as { readonly [key: string]: unknown })[key])]] : [],
  );
  const result = schema.safeParse(Object.fromEntries([...kept, ...replaced]));
  return result.success ? result.data : null;
}

/** `value` without the member at `path`; in a list, without the nearest member of a mapping above it. */
function without(value: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  if (typeof value !== 'object' || value === null || step === undefined) return value;
  if (Array.isArray(value)) {
    if (!hasMember(value[Number(step)], rest)) return value;
    return value.map((item, index) => (index === step ? without(item, rest) : item));
  }
  const entries = Object.entries(value);
  const isDeepest = !hasMember((value as { readonly [key: string]: unknown })[step], rest);
  return Object.fromEntries(
    entries.flatMap(([key, member]): [string, unknown][] => {
      if (key !== step) return [[key, member]];
      return isDeepest ? [] : [[key, without(member, rest)]];
    }),
  );
}

/** True when some step of `path` names a member of a mapping that is there. */
function hasMember(value: unknown, path: Path): boolean {
  const [step, ...rest] = path;
  if (typeof value !== 'object' || value === null || step === undefined) return false;
  if (!Object.hasOwn(value, step)) return false;
  if (!Array.isArray(value)) return true;
  return hasMember(value[Number(step)], rest);
}
