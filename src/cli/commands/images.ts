import { Command } from '@commander-js/extra-typings';
import { sanitizeLine } from '../../model/sanitize.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { failureOf } from '../refusal.ts';
import type { Session } from '../session.ts';

export const imagesCommand: DeclareCommand = (frame) =>
  new Command('images').description('images that bottles are built over').addCommand(
    new Command('base')
      .description('import this machine’s own programs as a base, where no registry serves it')
      .option('--json', 'print JSON')
      .action((options, command) =>
        frame.run(command, (session) => importBase(session, options.json === true)),
      ),
  );

/** Prints what to write and writes nothing: the host's settings are its operator's. */
async function importBase(session: Session, json: boolean): Promise<ExitCode> {
  const { output } = session;
  const images = await import('../../controller/images.ts');
  const tell = (line: string) => {
    if (!json) output.note(sanitizeLine(line));
  };
  const answer = await images.importBase(session.controllerOptions, tell);
  if (!answer.ok) throw failureOf(answer.refusal);
  const { reference, configFile, config, isInUse } = answer.value;
  if (json) {
    output.json(answer.value);
    return EXIT.done;
  }
  output.note('the engine has it as');
  output.line(reference);
  if (isInUse) output.note(`${sanitizeLine(configFile)} names it already`);
  else output.note(`write into ${sanitizeLine(configFile)}:\n${config}`);
  return EXIT.done;
}
