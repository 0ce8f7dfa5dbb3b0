import { Command } from '@commander-js/extra-typings';
import { sanitizeLine } from '../../model/sanitize.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatSidecars } from '../format-status.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';

export const listCommand: DeclareCommand = (frame) =>
  new Command('list')
    .description('names for people and scripts, separated by tabs')
    .addCommand(
      new Command('active')
        .description('<backend> <slug> <agent or label> <services> of every bottle')
        .option('--json', 'print JSON')
        .action((options, command) =>
          frame.run(command, (session) => listActive(session, options.json === true)),
        ),
    )
    .addCommand(
      new Command('available')
        .description('agents that could start')
        .option('--json', 'print JSON')
        .action((options, command) =>
          frame.run(command, (session) => listAvailable(session, options.json === true)),
        ),
    );

async function listActive(session: Session, json: boolean): Promise<ExitCode> {
  await using api = await session.open();
  const { bottles } = await session.expect(api.status());
  if (json) {
    session.output.json(bottles);
    return EXIT.done;
  }
  for (const bottle of bottles) {
    const who = sanitizeLine(bottle.label ?? bottle.agent ?? '?');
    const services = formatSidecars(bottle);
    session.output.line(`${bottle.backend ?? '?'}\t${bottle.name}\t${who}\t${services}`);
  }
  return EXIT.done;
}

async function listAvailable(session: Session, json: boolean): Promise<ExitCode> {
  await using api = await session.open();
  const agents = await session.expect(api.agents());
  if (json) {
    session.output.json(agents);
    return EXIT.done;
  }
  for (const { name, description } of agents) {
    session.output.line(
      description === null ? name : `${sanitizeLine(name)}\t${sanitizeLine(description)}`,
    );
  }
  return EXIT.done;
}
