import { grantLines } from '../../desired/grant-lines.ts';
import { instanceFiles } from '../../desired/instance-files.ts';
import type { TreeFile } from '../../desired/tree-file.ts';
import type { DesiredBottle } from '../../model/desired-state.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import type { Revision } from '../../model/names.ts';
import type { BlamedLine, Git, LoggedCommit } from '../ports/git.ts';
import type { TracedLine } from './explanation.ts';
import type { DecidingRule } from './judge-request.ts';

/** A commit's files, and the bottle as they describe it. */
export interface RuleSource {
  readonly revision: Revision;
  readonly files: ReadonlyMap<string, TreeFile>;
  readonly bottle: DesiredBottle;
}

/** Whether the commit asks for exactly this rule. */
export function asksFor({ bottle: { spec } }: RuleSource, { kind, rule }: DecidingRule): boolean {
  const rules = { route: spec.egress.routes, allowlist: spec.allowlist, deny: spec.deny }[kind];
  return rules.some((each) => fingerprint(each) === fingerprint(rule));
}

/** The lines that a rule is written in, each with the decision that wrote it: one blame a file, one look at commits. */
export async function traceRule(
  rule: DecidingRule,
  source: RuleSource,
  git: Pick<Git, 'blame' | 'commits'>,
): Promise<readonly TracedLine[]> {
  const blamed = await Promise.all(
    writtenIn(rule, source).map(async ({ file, lines }) =>
      (await git.blame(source.revision, file, lines)).map((line) => ({ file, ...line })),
    ),
  );
  const lines = blamed.flat();
  const revisions = [...new Set(lines.map(({ revision }) => revision))];
  const commits = new Map((await git.commits(revisions)).map((each) => [each.revision, each]));
  return lines.flatMap((line) => {
    const commit = commits.get(line.revision);
    return commit === undefined ? [] : [traced(line, commit)];
  });
}

/** In the file that it comes from, and in the bottle's own where that adds to it; a denial in the first that has it. */
function writtenIn(
  { kind, rule, values }: DecidingRule,
  { bottle, files }: RuleSource,
): readonly { readonly file: string; readonly lines: readonly number[] }[] {
  const origin = bottle.origins[`${kind === 'allowlist' ? 'allow' : kind}:${rule.host}`];
  if (kind === 'deny')
    return origin === undefined ? [] : [{ file: origin.file, lines: [origin.line] }];
  const { routes, allowlist } = instanceFiles(bottle.name);
  const own = kind === 'route' ? routes : allowlist;
  const paths = new Set([...(origin === undefined ? [] : [origin.file]), own]);
  return [...paths].flatMap((file) => {
    const bytes = files.get(file)?.bytes;
    if (bytes === undefined) return [];
    const text = new TextDecoder().decode(bytes);
    const written = grantLines(text, kind === 'route' ? 'routes' : 'allowlists', rule.host);
    if (written === null) {
      // A route that its provider brings along is written as the provider's name.
      return origin?.file === file ? [{ file, lines: [origin.line] }] : [];
    }
    const details = values.flatMap((value) => written.lineOf(value) ?? []);
    return [{ file, lines: [written.host, ...details] }];
  });
}

function traced(line: BlamedLine & { readonly file: string }, commit: LoggedCommit): TracedLine {
  const trailers = new Map(commit.trailers);
  return {
    file: line.file,
    line: line.line,
    text: line.text.trim(),
    revision: line.revision,
    at: commit.at,
    subject: commit.subject,
    action: trailers.get('Bb-Action') ?? 'commit',
    operator: trailers.get('Bb-Operator') ?? commit.author,
    proposal: trailers.get('Bb-Proposal') ?? null,
    justification: trailers.get('Bb-Justification') ?? null,
  };
}
