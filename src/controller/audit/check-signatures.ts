import type { Revision } from '../../model/names.ts';
import type { VerifySettings } from '../host-config.ts';
import type { Git } from '../ports/git.ts';
import { fixFor, objectionTo } from '../signature-words.ts';
import type { BranchHistory } from './branch-history.ts';
import { type AuditCheck, type AuditFinding, checked } from './verdict.ts';

/** A git process looks at this many; each signature costs it a program. */
const AT_ONCE = 500;

/** Whether every commit since `verify.since`, or of the whole branch, is signed by somebody whom this host trusts. */
export async function checkSignatures(
  history: BranchHistory,
  verify: VerifySettings | null,
  git: Pick<Git, 'signatures' | 'resolveRevision'>,
): Promise<AuditCheck> {
  if (verify === null) {
    const detail = 'not checked: config.yaml of this host has no verify, so any commit is followed';
    return { name: 'signatures', state: 'skipped', detail, findings: [] };
  }
  const anchor = verify.since === null ? null : await git.resolveRevision(verify.since);
  const commits = history.since(anchor);
  const findings: AuditFinding[] = [];
  for (let at = 0; at < commits.length; at += AT_ONCE) {
    findings.push(...(await judged(commits.slice(at, at + AT_ONCE), git)));
  }
  const since = anchor === null ? '' : ` since ${anchor.slice(0, 8)}`;
  return checked('signatures', `${commits.length} commits${since}`, findings);
}

async function judged(
  commits: readonly Revision[],
  git: Pick<Git, 'signatures'>,
): Promise<readonly AuditFinding[]> {
  const signatures = await git.signatures(commits);
  return commits.flatMap((about, index): readonly AuditFinding[] => {
    const signature = signatures[index] ?? { kind: 'bad' as const };
    const words = objectionTo(signature);
    if (words === null) return [];
    const message = `commit ${about.slice(0, 12)} ${words}`;
    const hint =
      signature.kind === 'unsigned'
        ? 'read it; if it is right, verify.since in config.yaml may name it as the last one that you read'
        : fixFor(signature);
    return [{ kind: 'untrusted-commit', about, message, hint }];
  });
}
