import { Command } from '@commander-js/extra-typings';
import type { Leftover } from '../../model/leftover.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { isConfirmed } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';

interface CleanupOptions {
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

export const cleanupCommand: DeclareCommand = (frame) =>
  new Command('cleanup')
    .description('remove what no commit asks for, on every backend, after one question')
    .argument('[slug]', 'only of this bottle')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print what would be removed as JSON, and remove nothing')
    .action((slug, options, command) =>
      frame.run(command, (session) => cleanup(session, slug, options)),
    );

async function cleanup(
  session: Session,
  slug: string | undefined,
  options: CleanupOptions,
): Promise<ExitCode> {
  const { output } = session;
  await using api = await session.open();
  const all = await session.expect(api.leftovers());
  const leftovers = all.filter(({ bottle }) => slug === undefined || bottle === slug);
  if (options.json) {
    output.json(leftovers);
    return EXIT.done;
  }
  if (leftovers.length === 0) {
    output.note('nothing is left over');
    return EXIT.done;
  }
  output.lines(formatLeftovers(leftovers));
  if (
    options.yes !== true &&
    !(await isConfirmed(session, question(leftovers.length), 'remove what is listed'))
  ) {
    output.note('nothing was removed');
    return EXIT.done;
  }
  const { removed, failed } = await session.complete(api.removeLeftovers(leftovers));
  output.note(`removed ${removed} of ${leftovers.length}`);
  for (const message of failed) output.diagnostic(sanitizeLine(message));
  return failed.length === 0 ? EXIT.done : EXIT.failed;
}

function formatLeftovers(leftovers: readonly Leftover[]): readonly string[] {
  const byBackend = Map.groupBy(leftovers, ({ backend }) => backend);
  return [...byBackend].flatMap(([backend, things]) => [
    `${sanitizeLine(backend)}:`,
    ...things.map(
      ({ kind, name, reason }) => `  ${kind} ${sanitizeLine(name)} (${sanitizeLine(reason)})`,
    ),
  ]);
}

function question(count: number): string {
  return `remove ${count === 1 ? 'it' : `these ${count}`}?`;
}
