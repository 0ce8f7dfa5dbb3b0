import { Command } from '@commander-js/extra-typings';
import type { ControllerApi } from '../../controller/api.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatEvent } from '../format-event.ts';
import type { DeclareCommand } from '../frame.ts';
import { parseCount } from '../parse-duration.ts';
import type { Session } from '../session.ts';

export const eventsCommand: DeclareCommand = (frame) =>
  new Command('events')
    .description('what happened, oldest first')
    .option('-f, --follow', 'keep showing what comes')
    .option('-n, --limit <count>', 'at most', parseCount, 50)
    .option('--json', 'print JSON, one event a line with --follow')
    .action((options, command) =>
      frame.run(command, (session) =>
        options.follow
          ? followEvents(session, options.limit, options.json === true)
          : showEvents(session, options.limit, options.json === true),
      ),
    );

async function showEvents(session: Session, limit: number, json: boolean): Promise<ExitCode> {
  await using api = await session.open();
  const events = await session.expect(api.events({ limit }));
  if (json) session.output.json(events);
  else for (const event of events) session.output.line(formatEvent(event, session.output.paint));
  if (!json && events.length === 0) session.output.note('no events yet');
  return EXIT.done;
}

/** Prints what is new at each change of the status; an event is known by all of its fields. */
async function followEvents(session: Session, limit: number, json: boolean): Promise<ExitCode> {
  await using api = await session.open();
  let shown = new Set<string>();
  const show = async () => {
    const events = await session.expect(readEvents(api, limit));
    const fresh = events.filter((event) => !shown.has(JSON.stringify(event)));
    shown = new Set(events.map((event) => JSON.stringify(event)));
    for (const event of fresh) {
      if (json) session.output.jsonLine(event);
      else session.output.line(formatEvent(event, session.output.paint));
    }
  };
  await show();
  let latest = Promise.resolve();
  await api.watchStatus(() => {
    latest = latest.then(show);
  }, session.signal);
  await latest;
  return EXIT.done;
}

function readEvents(api: ControllerApi, limit: number) {
  return api.events({ limit: Math.max(limit, 200) });
}
