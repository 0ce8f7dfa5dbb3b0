import type { BottleName } from '../../model/names.ts';

/** Ids of the proposals of a bottle for a host that wait, oldest first. The queue is loaded only when it is asked for. */
export async function waitingProposals(
  stateDirectory: string,
  bottle: BottleName,
  host: string,
): Promise<readonly string[]> {
  const { diskQueueFiles } = await import('../../supervise/disk-queue-files.ts');
  const { createProposalStore } = await import('../../supervise/proposal-store.ts');
  const pending = await createProposalStore(diskQueueFiles, stateDirectory).pending();
  return pending.flatMap(({ proposal: { id, bottle: asker, request } }) =>
    asker === bottle && 'host' in request && request.host === host ? [id] : [],
  );
}
