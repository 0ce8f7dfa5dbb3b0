import { importApprovals } from '../test/builders/long-history.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { openFleet } from './fleet.ts';
import { inTurns, median, timed } from './statistics.ts';

const COMMITS = 10_000;
const ROUNDS = 10;

/** What a question about the past costs: whole processes, from `exec` to exit, without a controller. */
export const audit: Benchmark = {
  name: 'audit',
  about: `bb audit and bb why over ${COMMITS} commits`,
  run: async (bench) => {
    const fleet = await openFleet(bench, { backend: 'simulated', bottles: 2 });
    bench.progress(`importing ${COMMITS} approvals`);
    await importApprovals(fleet.repository, 'worker-1', COMMITS);
    const newest = `host-${COMMITS - 1}.example.test`;
    await fleet.bb('reconcile');
    const answer = await fleet.bb('why', 'worker-1', newest);
    if (!String(answer.stdout).startsWith('allowed')) throw new Error('bb why gives no answer');
    bench.progress(`${ROUNDS} rounds`);
    const bb =
      (...argv: readonly string[]) =>
      () =>
        timed(() => fleet.bb(...argv));
    const samplesMs = await inTurns(ROUNDS, {
      log: () => timed(() => fleet.git('log', '--notes=bb', '--name-only')),
      audit: bb('audit'),
      json: bb('audit', '--json'),
      host: bb('audit', '--host', newest),
      verify: bb('audit', 'verify'),
      why: bb('why', 'worker-1', newest),
      denied: bb('why', 'worker-2', newest),
    });
    const log = median(samplesMs.log);
    return {
      figures: [
        figure(`git log of ${COMMITS}`, log, 'ms'),
        figure(`bb audit of ${COMMITS}`, median(samplesMs.audit), 'ms', 1_000),
        figure(`bb audit --json of ${COMMITS}`, median(samplesMs.json), 'ms', 1_000),
        figure(`bb audit --host of ${COMMITS}`, median(samplesMs.host), 'ms'),
        figure(`bb audit verify of ${COMMITS}`, median(samplesMs.verify), 'ms'),
        figure('bb why, allowed', median(samplesMs.why), 'ms', 300),
        figure('bb why, denied', median(samplesMs.denied), 'ms', 300),
        figure('bb audit over git log', median(samplesMs.audit) / log, '×'),
      ],
      notes: [
        `medians of ${ROUNDS}, in turns; no signatures to verify`,
        `fastest: bb audit ${fastest(samplesMs.audit)}, bb why ${fastest(samplesMs.why)}`,
      ],
    };
  },
};

/** What it takes when the machine does nothing else. */
function fastest(samplesMs: readonly number[]): string {
  return `${Math.round(Math.min(...samplesMs))} ms`;
}
