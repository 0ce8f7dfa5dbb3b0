import { type Benchmark, figure } from './benchmark.ts';
import { dockerAt, openLightFleet } from './light-fleet.ts';
import { mutating, recordCalls } from './recorded-calls.ts';
import { median, timed } from './statistics.ts';

const PASSES = 1_000;
const BOTTLES = 10;

/** That a controller at rest changes nothing, however often it looks. */
export const passes: Benchmark = {
  name: 'passes',
  about: `${PASSES} passes over an unchanged fleet: calls that change something, and commits`,
  run: async (bench) => {
    const { fleet, openReconciler } = await openLightFleet(
      bench,
      dockerAt((await bench.engine()).endpoint),
      BOTTLES,
    );
    const recorded = await recordCalls(bench);
    const reconciler = await openReconciler(dockerAt(recorded.endpoint));
    const countCommits = async () => Number(await fleet.git('rev-list', '--count', '--all'));
    const before = await countCommits();
    const lines: string[] = [];
    const samplesMs: number[] = [];
    bench.progress(`${PASSES} passes`);
    for (let pass = 0; pass < PASSES; pass += 1) {
      const permissions = { allowMassDelete: false, applyNow: [] };
      samplesMs.push(
        await timed(async () => {
          const report = await reconciler.pass({ permissions });
          if (report.kind === 'refused') throw new Error(report.refusal.message);
          await reconciler.settled();
        }),
      );
      lines.push(...recorded.take());
    }
    const changing = mutating(lines);
    return {
      figures: [
        figure('mutating engine calls', changing.length, '', 0),
        figure('commits', (await countCommits()) - before, '', 0),
        figure('engine calls a pass', lines.length / PASSES, ''),
        figure('pass', median(samplesMs), 'ms'),
      ],
      notes: [`${BOTTLES} bottles; commits of every ref, notes included`, ...changing.slice(0, 3)],
    };
  },
};
