import type { ProposalRequest } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { LIMITS } from './limits.ts';

/** One field that cannot be taken, in words that an agent can act on. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

/** The arguments of a proposing tool, in one canonical form, or every problem that they have. */
export type ParsedInput<Request extends ProposalRequest = ProposalRequest> =
  | { readonly ok: true; readonly request: Request; readonly justification: string }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

export type Report = (field: string, problem: string) => void;
export type Fields = { readonly [field: string]: unknown };

/** Reads arguments that take `names` and a justification; `read` reports what it cannot take. */
export function parseInput<Request extends ProposalRequest>(
  input: unknown,
  names: readonly string[],
  read: (fields: Fields, report: Report) => Request,
): ParsedInput<Request> {
  if (!isFields(input)) {
    return { ok: false, problems: [{ field: 'arguments', problem: 'must be an object' }] };
  }
  const problems: FieldProblem[] = [];
  const report: Report = (field, problem) => problems.push({ field, problem });
  const known = [...names, 'justification'];
  for (const field of Object.keys(input)) {
    if (!known.includes(field)) {
      report(sanitizeLine(field, 60), `is not a field of this tool: it takes ${known.join(', ')}`);
    }
  }
  const request = read(input, report);
  const justification = readJustification(input['justification'], report);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, request, justification };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJustification(raw: unknown, report: Report): string {
  if (typeof raw !== 'string' || raw.trim() === '') {
    report('justification', 'is missing: say in words what this is needed for');
    return '';
  }
  if (raw.length > LIMITS.justificationLength) {
    report('justification', `is longer than ${LIMITS.justificationLength} characters`);
  }
  return raw.toWellFormed();
}
