import { instanceDockerfile } from '../desired/instance-files.ts';
import type { Proposal } from '../model/proposal.ts';
import { INSTEAD, parseInstead } from '../supervise/approved-instead.ts';
import { requestText } from '../supervise/request-text.ts';
import type { RecordedDecision } from './decision-index.ts';
import type { Git } from './ports/git.ts';
import type { Told } from './proposal-answers.ts';

/** What history says that the agent is to be told: for an answer that a crash left to do. */
export async function recordedAnswer(
  proposal: Proposal,
  decision: RecordedDecision,
  git: Git,
): Promise<Told> {
  const { kind, revision, commit } = decision;
  const operator = operatorOf(decision);
  const notes = trailerOf(decision, 'Bb-Notes');
  switch (kind) {
    case 'approved':
      return { state: kind, operator, notes, revision };
    case 'modified': {
      const final = await finalText(proposal, decision, git);
      return { state: kind, operator, notes, revision, final };
    }
    case 'rejected':
      return {
        state: kind,
        operator,
        revision,
        notes: trailerOf(decision, 'Bb-Reason') ?? commit.subject,
      };
  }
}

/** What the agent is told: of a decision that was made before what history says, not what was asked for since. */
export async function toldOf(
  proposal: Proposal,
  own: Told,
  before: RecordedDecision | null,
  git: Git,
): Promise<Told> {
  if (before === null) return own;
  return recordedAnswer(proposal, before, git);
}

/** Who decided: of a commit that was not made here its author. */
export function operatorOf(decision: RecordedDecision): string {
  return trailerOf(decision, 'Bb-Operator') ?? decision.commit.author;
}

/** Null when the commit was not made here. */
async function finalText(
  { bottle, request }: Proposal,
  decision: RecordedDecision,
  git: Git,
): Promise<string | null> {
  if (request.tool === 'capability-block') {
    const files = await git.readTree(decision.revision);
    const file = files.get(instanceDockerfile(bottle));
    return file === undefined ? null : new TextDecoder().decode(file.bytes);
  }
  const instead = parseInstead(trailerOf(decision, INSTEAD) ?? '', request.tool);
  return instead === null ? null : requestText(instead);
}

function trailerOf({ commit }: RecordedDecision, name: string): string | undefined {
  return commit.trailers.find(([key]) => key === name)?.[1];
}
