import { Command } from '@commander-js/extra-typings';
import { sanitizeLine } from '../../model/sanitize.ts';
import { CommandFailure } from '../command-failure.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatChange } from '../format-change.ts';
import type { DeclareCommand } from '../frame.ts';
import { nearestHint, type Session } from '../session.ts';

export const diffCommand: DeclareCommand = (frame) =>
  new Command('diff')
    .description('desired against observed of one bottle, as a JSON Patch')
    .argument('<slug>')
    .option('--json', 'print the patch as JSON')
    .action((slug, options, command) =>
      frame.run(command, (session) => diff(session, slug, options.json === true)),
    );

async function diff(session: Session, slug: string, json: boolean): Promise<ExitCode> {
  const { output } = session;
  await using api = await session.open();
  const { plan } = await session.expect(api.plan({}));
  const bottle = plan.bottles.find(({ bottle: name }) => name === slug);
  if (bottle === undefined) {
    throw new CommandFailure({
      exitCode: EXIT.invalid,
      message: `there is no bottle "${sanitizeLine(slug, 60)}"`,
      hint: nearestHint(
        slug,
        plan.bottles.map(({ bottle: name }) => name),
      ),
    });
  }
  if (json) {
    output.json(bottle.changes.map(({ operation }) => operation));
    return EXIT.done;
  }
  if (bottle.changes.length === 0) output.note(`${slug}: ${bottle.verdict}, no difference`);
  for (const change of bottle.changes) output.lines(formatChange(change, output.paint));
  if (bottle.pending !== null) output.note(`waits: ${sanitizeLine(bottle.pending)}`);
  return EXIT.done;
}
