import type { DiagnosticCode } from '../model/diagnostic.ts';

/** What a parser of one text gives: the value, or why there is none and what to do. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false;
      readonly code: DiagnosticCode;
      readonly message: string;
      readonly hint?: string | undefined;
    };

export function refuse(
  code: DiagnosticCode,
  message: string,
  hint?: string,
): Parsed<never> & { readonly ok: false } {
  return { ok: false, code, message, hint };
}

/** The value of a text that the shape check accepted before; failing here is a bug. */
export function accepted<Value>(parsed: Parsed<Value>): Value {
  if (!parsed.ok) throw new Error(`accepted before, refused now: ${parsed.message}`);
  return parsed.value;
}
