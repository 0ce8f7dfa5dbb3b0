import { z } from 'zod';
import { parseInstant } from '../instant.ts';
import { type Parsed, refuse } from '../parsed.ts';
import { quote } from '../problems.ts';
import { checkedText, type IssueParams } from './checked-text.ts';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/;
const SLUG_HINT = 'a-z, 0-9 and "-", at most 48, not at the ends';

/** Name of a file of a kind, and of what it describes. */
export function parseSlug(raw: string): Parsed<string> {
  if (SLUG.test(raw)) return { ok: true, value: raw };
  return refuse('invalid-name', `${quote(raw)} is not a name`, SLUG_HINT);
}

/** A name of a list that composes: `name`, or `+name` to add to what the base lists. */
function parseListedName(raw: string): Parsed<string> {
  return parseSlug(raw.startsWith('+') ? raw.slice(1) : raw);
}

function parseSecretName(raw: string): Parsed<string> {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(raw))
    return { ok: true, value: raw };
  return refuse(
    'invalid-name',
    `${quote(raw)} is not a secret name`,
    'the name, never the value, of a secret of secrets.yaml',
  );
}

function parseEnvName(raw: string): Parsed<string> {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(raw)) return { ok: true, value: raw };
  return refuse(
    'invalid-name',
    `${quote(raw)} is not an environment variable`,
    'letters, digits and "_", not a digit first',
  );
}

function parseLine(raw: string): Parsed<string> {
  if (raw !== '' && raw.length <= 500 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(raw))
    return { ok: true, value: raw };
  return refuse(
    'invalid-value',
    `${quote(raw)} is not one printable line`,
    '1 to 500 printable characters',
  );
}

function parseArgument(raw: string): Parsed<string> {
  if (!raw.includes('\0')) return { ok: true, value: raw };
  return refuse('invalid-value', `${quote(raw)} holds a null character`, 'leave it out');
}

export const slug = (description: string) => checkedText(parseSlug, description);
/** Names that either replace what the base lists, or, all with a `+`, add to it. */
export const listedNames = (description: string) =>
  z
    .array(checkedText(parseListedName, 'name, or +name to add to what the base lists'))
    .superRefine((names, context) => {
      const added = names.filter((name) => name.startsWith('+'));
      if (added.length === 0 || added.length === names.length) return;
      const params: IssueParams = {
        code: 'invalid-value',
        hint: 'put "+" before all of them to add, before none to replace',
      };
      const message = 'the list mixes names that replace with +names that add';
      context.addIssue({ code: 'custom', message, params: { ...params } });
    })
    .meta({ description });
export const secretName = checkedText(parseSecretName, 'name of a secret of the host');
export const rootfsName = slug('name of a root file system of the host');
export const envName = checkedText(parseEnvName, 'name of an environment variable');
export const line = (description: string) => checkedText(parseLine, description);
export const argument = checkedText(parseArgument, 'one argument, passed as it is');
export const instant = checkedText(
  parseInstant,
  'RFC 3339 instant after which this is no longer in force',
);
