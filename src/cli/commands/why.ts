import { Command } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { failureOf } from '../refusal.ts';
import type { Session } from '../session.ts';

export const whyCommand: DeclareCommand = (frame) =>
  new Command('why')
    .description('whether a bottle may reach something now, and on whose word')
    .argument('<slug>')
    .argument('<url>', 'a host, a host with a path, or a URL')
    .argument('[method]', 'of the request', 'GET')
    .option('--json', 'print JSON')
    .action((bottle, target, method, options, command) =>
      frame.run(command, (session) =>
        why(session, { bottle, target, method }, options.json === true),
      ),
    );

async function why(
  session: Session,
  question: { readonly bottle: string; readonly target: string; readonly method: string },
  json: boolean,
): Promise<ExitCode> {
  const { output } = session;
  const { explain } = await import('../../controller/why.ts');
  const answer = await explain(session.controllerOptions, question);
  if (!answer.ok) throw failureOf(answer.refusal);
  if (json) {
    output.json(answer.value);
    return EXIT.done;
  }
  const { formatExplanation } = await import('../format-explanation.ts');
  output.lines(formatExplanation(answer.value, output.paint));
  return EXIT.done;
}
