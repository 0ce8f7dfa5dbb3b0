import { z } from 'zod';
import type { DiagnosticCode } from '../../model/diagnostic.ts';
import type { Parsed } from '../parsed.ts';

/** What a custom issue carries beside its message; read back by `shape.ts`. */
export interface IssueParams {
  readonly code: DiagnosticCode;
  readonly hint?: string | undefined;
}

/** A text that `parse` must accept. The text stays as written: it is parsed again where the value is needed. */
export function checkedText(parse: (raw: string) => Parsed<unknown>, description: string) {
  return z
    .string()
    .superRefine((raw, context) => {
      const parsed = parse(raw);
      if (parsed.ok) return;
      const params: IssueParams = { code: parsed.code, hint: parsed.hint };
      context.addIssue({ code: 'custom', message: parsed.message, params: { ...params } });
    })
    .meta({ description });
}
