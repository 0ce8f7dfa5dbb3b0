import { Command } from '@commander-js/extra-typings';
import type { Refusal } from '../../controller/api.ts';
import type { AuditQuery } from '../../controller/audit.ts';
import { didYouMean } from '../../model/did-you-mean.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { parseCount, parseSince } from '../parse-duration.ts';
import { failureOf } from '../refusal.ts';
import type { Session } from '../session.ts';
import { auditVerifyCommand } from './audit-verify.ts';

interface AuditOptions {
  readonly bottle?: string | undefined;
  readonly since?: number | undefined;
  readonly operator?: string | undefined;
  readonly tool?: string | undefined;
  readonly host?: string | undefined;
  readonly action?: string | undefined;
  readonly limit?: number | undefined;
  readonly json?: true | undefined;
}

export const auditCommand: DeclareCommand = (frame) =>
  new Command('audit')
    .description('who decided what, when, and since when it is in force; from git alone')
    .argument('[decision]', 'a commit or proposal: all about it, with its diff')
    .option('--bottle <slug>', 'what concerns this bottle')
    .option('--since <when>', '2h, 7d, 2026-11-01', (raw) => parseSince(raw, Date.now()))
    .option('--operator <name>', 'who decided, or a part of the name')
    .option('--tool <tool>', 'egress-block, pipelock-block, capability-block')
    .option('--host <host>', 'what changed a line that speaks of the host')
    .option('--action <action>', 'approve, modify, reject, rollback, stop, commit …')
    .option('-n, --limit <count>', 'the newest ones', parseCount)
    .option('--json', 'print JSON')
    .addCommand(auditVerifyCommand(frame))
    .action((decision, options, command) =>
      frame.run(command, (session) =>
        decision === undefined
          ? listDecisions(session, options)
          : showDecision(session, decision, options.json === true),
      ),
    );

async function listDecisions(session: Session, options: AuditOptions): Promise<ExitCode> {
  const { output } = session;
  const { readAudit } = await import('../../controller/audit.ts');
  const answer = await readAudit(session.controllerOptions, queryOf(options));
  if (!answer.ok) throw failureOf(answer.refusal);
  const entries = answer.value;
  if (options.json) {
    output.json(entries);
    return EXIT.done;
  }
  const { formatAudit } = await import('../format-audit.ts');
  output.lines(formatAudit(entries, output.paint));
  if (entries.length === 0) output.note('no such decision');
  return EXIT.done;
}

async function showDecision(session: Session, name: string, json: boolean): Promise<ExitCode> {
  const { output } = session;
  const { readDecision } = await import('../../controller/audit.ts');
  const answer = await readDecision(session.controllerOptions, name);
  if (!answer.ok) throw failureOf(orVerify(name, answer.refusal));
  const { entry, diff } = answer.value;
  if (json) {
    output.json({ ...entry, diff });
    return EXIT.done;
  }
  const { formatDecision } = await import('../format-audit.ts');
  const { formatDiff } = await import('../format-review.ts');
  output.lines([...formatDecision(entry, output.paint), '', ...formatDiff(diff, output.paint)]);
  return EXIT.done;
}

/** What names no decision may be the command below this one, mistyped. */
function orVerify(name: string, refusal: Refusal): Refusal {
  const near = refusal.kind === 'not-found' ? didYouMean(name, ['verify']) : undefined;
  return near === undefined ? refusal : { ...refusal, hint: `did you mean "bb audit ${near}"?` };
}

function queryOf(options: AuditOptions): AuditQuery {
  const { bottle, since, operator, tool, host, action, limit } = options;
  return {
    ...(bottle === undefined ? {} : { bottle }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(operator === undefined ? {} : { operator }),
    ...(tool === undefined ? {} : { tool }),
    ...(host === undefined ? {} : { host }),
    ...(action === undefined ? {} : { action }),
    ...(limit === undefined ? {} : { limit }),
  };
}
