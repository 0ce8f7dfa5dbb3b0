import { Argument, Command } from '@commander-js/extra-typings';
import type { ControllerApi } from '../../controller/api.ts';
import { COMPLETION_SCRIPTS, SHELLS } from '../completion-scripts.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';

const NAME_KINDS = ['bottle', 'proposal', 'agent'] as const;

export const completionCommand: DeclareCommand = (frame) =>
  new Command('completion')
    .description('completion for a shell: source <(bb completion bash)')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell, _options, command) =>
      frame.run(command, async ({ output }) => {
        output.raw(COMPLETION_SCRIPTS[shell]());
        return EXIT.done;
      }),
    );

export const namesCommand: DeclareCommand = (frame) =>
  new Command('__names')
    .description('names that exist now, for completion')
    .addArgument(new Argument('<kind>').choices(NAME_KINDS))
    .action((kind, _options, command) =>
      frame.run(command, (session) => printNames(session, kind)),
    );

/** Silent on any trouble: a shell that completes has nowhere to show it. */
async function printNames(session: Session, kind: (typeof NAME_KINDS)[number]): Promise<ExitCode> {
  try {
    await using api = await session.open();
    session.output.lines(await namesOf(session, api, kind));
  } catch {
    return EXIT.failed;
  }
  return EXIT.done;
}

async function namesOf(
  session: Session,
  api: ControllerApi,
  kind: (typeof NAME_KINDS)[number],
): Promise<readonly string[]> {
  switch (kind) {
    case 'bottle':
      return (await session.expect(api.status())).bottles.map(({ name }) => name);
    case 'proposal':
      return (await session.expect(api.proposals({}))).map(({ proposal }) => proposal.id);
    case 'agent':
      return (await session.expect(api.agents())).map(({ name }) => name);
  }
}
