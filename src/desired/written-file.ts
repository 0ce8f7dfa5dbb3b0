import type { z } from 'zod';
import { decodeText } from './decode-text.ts';
import type { Locator, Path } from './locator.ts';
import type { Problems } from './problems.ts';
import { MAX_PROBLEMS, type ShapeProblem, shapeProblems } from './shape.ts';
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
  const all = shapeProblems(schema, yaml.value, result.error.issues);
  const found = all.slice(0, MAX_PROBLEMS);
  for (const problem of found) {
    const { code, message, isKey } = problem;
    const at = isKey ? locate.key(problem.path) : locate.value(problem.path);
    const hint = reading.explain?.(problem) ?? problem.hint;
    problems.error({ code, message, hint, file: path, at });
  }
  const next = all[MAX_PROBLEMS];
  if (next !== undefined) {
    const message = `the file has more than ${MAX_PROBLEMS} problems: the others are not shown`;
    problems.error({ code: next.code, message, file: path, at: locate.key(next.path) });
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
  const trimmed = schema.safeParse(without(value, wrong));
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

/** `value` without the members at `paths`; in a list, without the nearest member of a mapping above them. */
function without(value: unknown, paths: readonly Path[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const inside = Map.groupBy(paths, ([step]) => String(step));
  const below = (key: string) => (inside.get(key) ?? []).map((path) => path.slice(1));
  if (Array.isArray(value)) {
    return value.map((item, index) =>
      without(
        item,
        below(String(index)).filter((path) => hasMember(item, path)),
      ),
    );
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
      const deeper = below(key);
      if (deeper.some((path) => !hasMember(member, path))) return [];
      return [[key, deeper.length === 0 ? member : without(member, deeper)]];
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
