import { Command } from '@commander-js/extra-typings';
import type { CheckResult } from '../../controller/doctor.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { Style } from '../colour.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';

const STYLES: { readonly [state in CheckResult['state']]: Style } = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
};

export const doctorCommand: DeclareCommand = (frame) =>
  new Command('doctor')
    .description('check the machine: engine, git, secrets, disk, clock; each with a fix')
    .option('--json', 'print JSON')
    .action((options, command) =>
      frame.run(command, (session) => doctor(session, options.json === true)),
    );

async function doctor(session: Session, json: boolean): Promise<ExitCode> {
  const { output } = session;
  const { examine } = await import('../../controller/doctor.ts');
  const results = await examine(session.controllerOptions);
  const failed = results.some(({ state }) => state === 'fail');
  if (json) {
    output.json({ ok: !failed, checks: results });
    return failed ? EXIT.failed : EXIT.done;
  }
  for (const { name, state, detail, fix } of results) {
    const verdict = output.paint(STYLES[state], state.padEnd(4));
    output.line(`${verdict}  ${name.padEnd(15)} ${sanitizeLine(detail)}`);
    if (fix !== null) output.line(`      ${''.padEnd(15)} → ${sanitizeLine(fix)}`);
  }
  return failed ? EXIT.failed : EXIT.done;
}
