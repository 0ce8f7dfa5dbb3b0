import { sanitizeLine } from '../model/sanitize.ts';
import type { Answer } from './api.ts';
import { isRule } from './policy-guard.ts';

/** Refuses an operator who goes by the name of a rule: a commit has to tell which of them decided. */
export function asPerson(operator: string): Answer<null> {
  if (!isRule(operator)) return { ok: true, value: null };
  return {
    ok: false,
    refusal: {
      kind: 'bad-request',
      message: `${sanitizeLine(operator, 60)} is how a rule is called, not a person`,
      hint: 'set BB_OPERATOR to another name',
      diagnostics: [],
    },
  };
}
