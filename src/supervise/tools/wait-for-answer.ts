import type { Clock } from '../../model/clock.ts';
import type { ProposalId } from '../../model/names.ts';
import type { ProposalQueue } from '../proposal-queue.ts';
import type { ProposalRecord } from '../queue-folder.ts';
import type { ToolCall } from './tool.ts';

/** Often enough for clients that give up on a silent call. */
const PROGRESS_MS = 5_000;

/** Timers of whole milliseconds end this much early. */
const EARLY_MS = 1;

/** Waits for the operator up to the bottle's `waitSeconds`, telling the caller in between that it lives. */
export async function waitForAnswer(
  ports: { readonly queue: ProposalQueue; readonly clock: Clock },
  id: ProposalId,
  call: ToolCall,
): Promise<ProposalRecord | null> {
  const ended = new AbortController();
  const signal = AbortSignal.any([call.signal, ended.signal]);
  const timer = passTime(ports.clock, id, { ...call, signal }).finally(() => ended.abort());
  try {
    return await ports.queue.waitForAnswer(id, signal);
  } finally {
    ended.abort();
    await timer;
  }
}

/** Ends when the waiting time is over or the signal aborts. */
async function passTime(clock: Clock, id: ProposalId, call: ToolCall): Promise<void> {
  const endMs = clock.elapsedMs() + call.waitSeconds * 1_000;
  for (;;) {
    const leftMs = endMs - clock.elapsedMs();
    if (leftMs <= EARLY_MS || call.signal.aborted) return;
    call.progress(`proposal ${id} waits for an operator`);
    try {
      await clock.sleep(Math.min(leftMs, PROGRESS_MS), call.signal);
    } catch {
      return;
    }
  }
}
