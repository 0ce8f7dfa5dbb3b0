import type {
  Answer,
  ApproveRequest,
  ControllerApi,
  Decision,
  ProposalReview,
} from '../controller/api.ts';
import { termsOf } from './approval-options.ts';

/** Each try that comes too late is one that another operator won: many at once still end. */
const MOST_TRIES = 100;

/**
 * Approves what an operator was shown. Where the branch moved meanwhile it is reviewed again, and approved as it is then
 * as long as it means nothing that was not shown. Several operators and scripts at once come in one after the other.
 */
export async function approveAsShown(
  api: Pick<ControllerApi, 'approve' | 'review'>,
  shown: ProposalReview,
  request: Omit<ApproveRequest, 'seen'>,
  onProgress: Parameters<ControllerApi['approve']>[1],
): Promise<Answer<Decision>> {
  let { seen } = shown;
  for (let tries = 1; ; tries += 1) {
    const answer = await api.approve({ ...request, seen }, onProgress);
    if (answer.ok || answer.refusal.kind !== 'conflict' || tries === MOST_TRIES) return answer;
    const now = await api.review(request.id, termsOf(request));
    if (!now.ok || now.value.seen === seen || !isWithin(now.value, shown)) return answer;
    seen = now.value.seen;
  }
}

/** Whether what a proposal means now was all shown. */
export function isWithin(now: ProposalReview, shown: ProposalReview): boolean {
  return (
    now.effective.every((text) => shown.effective.includes(text)) &&
    now.risks.every((text) => shown.risks.includes(text))
  );
}
