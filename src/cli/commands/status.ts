import { Command } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatStatus } from '../format-status.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';

export const statusCommand: DeclareCommand = (frame) =>
  new Command('status')
    .description('the fleet: source, bottles, conditions, what is not enforced')
    .option('-w, --watch', 'open the viewer')
    .option('--json', 'print JSON')
    .action((options, command) =>
      frame.run(command, (session) =>
        options.watch ? openViewer(session, false) : showStatus(session, options.json === true),
      ),
    );

export const uiCommand: DeclareCommand = (frame) =>
  new Command('ui')
    .description('the viewer: bottles and proposals live, approve and reject by key')
    .option('--once', 'print one frame and leave')
    .action((options, command) =>
      frame.run(command, (session) => openViewer(session, options.once === true)),
    );

async function showStatus(session: Session, json: boolean): Promise<ExitCode> {
  await using api = await session.open();
  const status = await session.expect(api.status());
  if (json) session.output.json(status);
  else session.output.lines(formatStatus(status, Date.now(), session.output.paint));
  return EXIT.done;
}

/** React keeps measurements of every render for its developers unless it is told that this is production. */
async function openViewer(session: Session, once: boolean): Promise<ExitCode> {
  process.env['NODE_ENV'] ??= 'production';
  const { runViewer } = await import('../ui/main.tsx');
  return runViewer(session, { once });
}
