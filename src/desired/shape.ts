import type { z } from 'zod';
import type { DiagnosticCode } from '../model/diagnostic.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import { knownKeys } from './known-keys.ts';
import type { Path } from './locator.ts';
import { quote } from './problems.ts';
import type { IssueParams } from './schema/checked-text.ts';

/** What is wrong with the shape of a value, not yet positioned. */
export interface ShapeProblem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly path: Path;
  /** The name is wrong rather than the value. */
  readonly isKey: boolean;
}

/** Of one file: what is past it helps nobody, and would take long to describe and to place. */
export const MAX_PROBLEMS = 200;

type Issue = z.core.$ZodIssue;

/** Problems of `value` against `schema` in words that name what was written. */
export function shapeProblems(
  schema: z.ZodType,
  value: unknown,
  issues: readonly Issue[],
): readonly ShapeProblem[] {
  return issues
    .slice(0, MAX_PROBLEMS + 1)
    .flatMap((issue) => describeIssue({ schema, root: value }, issue, []));
}

interface Checked {
  readonly schema: z.ZodType;
  readonly root: unknown;
}

function describeIssue(checked: Checked, issue: Issue, base: Path): readonly ShapeProblem[] {
  const path = [
    ...base,
    ...issue.path.map((step) => (typeof step === 'number' ? step : String(step))),
  ];
  const subject = describePath(path);
  const found = valueAt(checked.root, path);
  const problem = (
    code: DiagnosticCode,
    message: string,
    hint?: string,
  ): readonly ShapeProblem[] => [{ code, message, hint, path, isKey: false }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys
        .slice(0, MAX_PROBLEMS + 1)
        .map((key) => unknownKey(checked, [...path, key]));
    case 'invalid_type':
      if (found === undefined)
        return problem('missing-key', `key ${quote(String(path.at(-1)))} is missing`);
      return problem(
        'wrong-type',
        `${subject} must be ${typeName(issue.expected)}, found ${kindOf(found)}`,
        quotesHint(issue.expected, found),
      );
    case 'invalid_value':
      if (found === undefined)
        return problem('missing-key', `key ${quote(String(path.at(-1)))} is missing`);
      return invalidChoice(path, found, issue.values.map(String));
    case 'invalid_union':
      return describeUnion(checked, issue, path);
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues
        .flatMap((inner) => describeIssue(checked, inner, path))
        .map((inner) => ({ ...inner, isKey: true }));
    case 'too_small':
    case 'too_big':
      return problem('invalid-value', `${subject} ${describeLimit(issue)}`);
    case 'custom': {
      const params = issue.params as IssueParams | undefined;
      return problem(params?.code ?? 'invalid-value', issue.message, params?.hint);
    }
    case 'invalid_format':
    case 'not_multiple_of':
      return problem('invalid-value', `${subject} is not as it must be: ${issue.message}`);
  }
}

function unknownKey(checked: Checked, path: Path): ShapeProblem {
  const key = String(path.at(-1));
  const known = knownKeys(checked.schema, path.slice(0, -1));
  const meant = didYouMean(key, known);
  const hint =
    meant === undefined ? `known here: ${[...known].join(', ')}` : `did you mean "${meant}"?`;
  return { code: 'unknown-key', message: `unknown key ${quote(key)}`, hint, path, isKey: true };
}

function invalidChoice(
  path: Path,
  found: unknown,
  choices: readonly string[],
): readonly ShapeProblem[] {
  const meant = typeof found === 'string' ? didYouMean(found, choices) : undefined;
  const hint = meant === undefined ? `one of ${choices.join(', ')}` : `did you mean "${meant}"?`;
  const message =
    typeof found === 'string'
      ? `${describePath(path)} cannot be ${quote(found)}`
      : `${describePath(path)} must be a text, found ${kindOf(found)}`;
  return [
    {
      code: typeof found === 'string' ? 'invalid-value' : 'wrong-type',
      message,
      hint,
      path,
      isKey: false,
    },
  ];
}

/** Tells the problems of the one form that was meant; where none can be told, how all forms look. */
function describeUnion(
  checked: Checked,
  issue: Issue & { readonly code: 'invalid_union' },
  path: Path,
): readonly ShapeProblem[] {
  const found = valueAt(checked.root, path);
  const forms = issue.errors.filter((errors) => !errors.some((error) => isWrongForm(error, found)));
  const form = forms.toSorted((a, b) => a.length - b.length)[0];
  const unknown = issue.errors.flatMap((errors) =>
    errors.flatMap((error) =>
      error.code === 'unrecognized_keys' && error.path.length === 0 ? error.keys : [],
    ),
  );
  if (form === undefined || forms.length > 1) {
    const known = knownKeys(checked.schema, path);
    const strangers = [...new Set(unknown)].filter((key) => !known.has(key));
    if (strangers.length > 0) return strangers.map((key) => unknownKey(checked, [...path, key]));
  }
  if (form === undefined) {
    const isMissing = found === undefined;
    const message = isMissing
      ? `key ${quote(String(path.at(-1)))} is missing`
      : `${describePath(path)} ${issue.message.replace(/^is /, 'must be ')}`;
    const hint = isMissing ? `it ${issue.message}` : quotesHint('string', found);
    return [{ code: isMissing ? 'missing-key' : 'wrong-type', message, hint, path, isKey: false }];
  }
  return form.flatMap((error) => describeIssue(checked, error, path));
}

/** A form does not fit at all when its kind of value differs, or a key that only it has is absent. */
function isWrongForm(error: Issue, found: unknown): boolean {
  if (error.path.length === 0) {
    if (error.code === 'invalid_value') return typeof found !== 'string';
    return error.code === 'invalid_type' || error.code === 'invalid_union';
  }
  const isKeyOfFound =
    error.path.length === 1 && valueAt(found, [error.path[0] as string]) === undefined;
  return isKeyOfFound && (error.code === 'invalid_type' || error.code === 'invalid_value');
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as { readonly [key: string]: unknown })[step];
  }
  return value;
}

function describePath(path: Path): string {
  const name = path.findLast((step) => typeof step === 'string');
  const last = path.at(-1);
  if (typeof last === 'number')
    return `item ${last + 1}${name === undefined ? '' : ` of ${quote(String(name))}`}`;
  return name === undefined ? 'the file' : quote(String(name));
}

function describeLimit(issue: Issue & { readonly code: 'too_small' | 'too_big' }): string {
  const unit = issue.origin === 'array' ? ' items' : issue.origin === 'string' ? ' characters' : '';
  if (issue.code === 'too_big') return `is more than ${issue.maximum}${unit}`;
  if (issue.origin === 'array' && issue.minimum === 1)
    return 'is an empty list: leave the key out or fill it';
  return `is less than ${issue.minimum}${unit}`;
}

const TYPE_NAMES: { readonly [expected: string]: string } = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? `a ${expected}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}

function quotesHint(expected: string, found: unknown): string | undefined {
  const isScalar = typeof found === 'number' || typeof found === 'boolean';
  return expected === 'string' && isScalar ? `write it in quotes: "${String(found)}"` : undefined;
}
