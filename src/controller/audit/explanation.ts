import type { Revision } from '../../model/names.ts';

/** A line of a file, and the decision that wrote it. */
export interface TracedLine {
  /** Below the desired-state folder. */
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly revision: Revision;
  readonly at: string;
  readonly subject: string;
  /** `approve`, …; `commit` for one made by hand. */
  readonly action: string;
  /** Who decided: of a commit made by hand its author. */
  readonly operator: string;
  readonly proposal: string | null;
  readonly justification: string | null;
}

/** Whether a bottle may make a request, and on whose word. Its texts are made harmless where they are shown. */
export interface Explanation {
  readonly bottle: string;
  readonly method: string;
  readonly url: string;
  readonly isAllowed: boolean;
  readonly reason: string;
  /** `live`: by the table that egress reports. `desired`: nothing is reported, so by what the commit asks for. */
  readonly basis: 'live' | 'desired';
  /** When egress loaded the table that was asked; null where none is reported. */
  readonly loadedAt: string | null;
  /** The rule that it turns on: `route api.example.com`, `allowlist *.example.com`; null when there is none. */
  readonly rule: string | null;
  /** RFC 3339; null for a rule without an end. */
  readonly expires: string | null;
  /** Where the rule is written; empty for a rule that no commit asks for, which is not as it should be. */
  readonly lines: readonly TracedLine[];
  /** What the tip of the branch says, where that is another answer: it waits to be applied. */
  readonly tip: { readonly revision: Revision; readonly isAllowed: boolean } | null;
  /** Ids of proposals for the host that wait for an operator. */
  readonly waiting: readonly string[];
  /** What would let a denied request through; null when it is allowed. */
  readonly remedy: string | null;
}
