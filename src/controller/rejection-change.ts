import type { Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { commitMessage } from '../supervise/commit-message.ts';
import type { Answer } from './api.ts';
import type { ChangeAt } from './commit-chain.ts';
import { desiredAt, type PassPorts } from './pass.ts';
import { guardPolicy, isRule } from './policy-guard.ts';

interface Rejection {
  readonly kind: 'reject';
  readonly reason: string;
  readonly operator: string;
}

/** Gives the commit that rejects a proposal, on each tip that it is to be made on: no change, and the reason. */
export function rejectionChange(
  proposal: Proposal,
  request: Rejection,
  ports: Pick<PassPorts, 'git' | 'policy' | 'clock'>,
): ChangeAt {
  const { operator, reason } = request;
  const message = commitMessage({ kind: 'reject', proposal, operator, reason });
  return async (tip) => {
    const guarded = await guard(proposal, request, tip, ports);
    return guarded.ok ? { ok: true, value: { changes: new Map(), ...message } } : guarded;
  };
}

/** A person may refuse whatever the tip is; a rule only where it is in force. */
async function guard(
  proposal: Proposal,
  request: Rejection,
  tip: Revision,
  ports: Pick<PassPorts, 'git' | 'policy' | 'clock'>,
): Promise<Answer<null>> {
  if (!isRule(request.operator)) return { ok: true, value: null };
  const { desired: before } = await desiredAt(tip, ports);
  if (before !== null) return guardPolicy(request, proposal, { before, after: before });
  const message = `commit ${tip.slice(0, 12)} is not valid`;
  return { ok: false, refusal: { kind: 'invalid', message, hint: null, diagnostics: [] } };
}
