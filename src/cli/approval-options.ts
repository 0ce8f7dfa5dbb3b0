import type { ApprovalTerms } from '../controller/api.ts';

/** Options of every command that approves. */
export interface ApprovalOptions {
  readonly scope?: string | undefined;
  readonly expires?: string | undefined;
  readonly notes?: string | undefined;
}

/** The terms that the options name, and no others. */
export function termsOf({ scope, expires }: Omit<ApprovalOptions, 'notes'>): ApprovalTerms {
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(expires === undefined ? {} : { expires }),
  };
}

/** The same with what the agent is told. */
export function grantOf(options: ApprovalOptions): ApprovalTerms & { readonly notes?: string } {
  const { notes } = options;
  return { ...termsOf(options), ...(notes === undefined ? {} : { notes }) };
}
