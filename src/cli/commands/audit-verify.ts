import { Command } from '@commander-js/extra-typings';
import type { AuditVerdict } from '../../controller/verify-audit.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { shortRevision } from '../age.ts';
import type { Style } from '../colour.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { failureOf } from '../refusal.ts';
import type { Session } from '../session.ts';

const STYLES: { readonly [state in AuditVerdict['checks'][number]['state']]: Style } = {
  ok: 'green',
  found: 'red',
  skipped: 'yellow',
};

/** Also `bb audit verify`. */
export const auditVerifyCommand: DeclareCommand = (frame) =>
  new Command('verify')
    .description('hold what is enforced and recorded against history; exit 1 on a finding')
    .option('--json', 'print JSON')
    .action((_options, command) =>
      // `bb audit` has the option too, and takes it first.
      frame.run(command, (session) => verify(session, 'json' in command.optsWithGlobals())),
    );

async function verify(session: Session, json: boolean): Promise<ExitCode> {
  const { output } = session;
  const { verifyAudit } = await import('../../controller/verify-audit.ts');
  const answer = await verifyAudit(session.controllerOptions);
  if (!answer.ok) throw failureOf(answer.refusal);
  const { branch, tip, isSound, checks } = answer.value;
  if (json) {
    output.json(answer.value);
    return isSound ? EXIT.done : EXIT.failed;
  }
  output.note(`${sanitizeLine(branch)}@${shortRevision(tip)}`);
  for (const { name, state, detail, findings } of checks) {
    const verdict = output.paint(STYLES[state], state.padEnd(7));
    output.line(`${verdict}  ${name.padEnd(11)}  ${sanitizeLine(detail)}`);
    for (const { message, hint } of findings) {
      output.line(`         ${output.paint('red', sanitizeLine(message))}`);
      output.line(`           ${output.paint('dim', sanitizeLine(hint))}`);
    }
  }
  return isSound ? EXIT.done : EXIT.failed;
}
