import { Command } from '@commander-js/extra-typings';
import type { ControllerApi, ReconcileReport } from '../../controller/api.ts';
import type { FleetEdit } from '../../model/fleet-edit.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { isConfirmed } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { ProgressPrinter } from '../progress.ts';
import type { Session } from '../session.ts';
import { showReport } from './reconcile.ts';

export const stopCommand: DeclareCommand = (frame) =>
  new Command('stop')
    .description('remove an instance: a commit, then a pass; asks first on a terminal')
    .argument('<slug>')
    .option('--suspend', 'keep it in the files, suspended')
    .option('-y, --yes', 'do not ask')
    .action((slug, options, command) =>
      frame.run(command, (session) => stop(session, slug, options)),
    );

export const suspendCommand: DeclareCommand = (frame) =>
  new Command('suspend')
    .description('stop acting on a bottle, or on the fleet; everything runs on')
    .argument('[slug]')
    .action((slug, _options, command) =>
      frame.run(command, (session) => commitEdit(session, suspension(slug, true))),
    );

export const unsuspendCommand: DeclareCommand = (frame) =>
  new Command('unsuspend')
    .description('act again')
    .argument('[slug]')
    .action((slug, _options, command) =>
      frame.run(command, (session) => commitEdit(session, suspension(slug, false))),
    );

export const applyCommand: DeclareCommand = (frame) =>
  new Command('apply')
    .description('let the withheld update of a bottle run now')
    .argument('<slug>')
    .action((slug, _options, command) => frame.run(command, (session) => apply(session, slug)));

function suspension(slug: string | undefined, suspend: boolean): FleetEdit {
  return slug === undefined
    ? { kind: 'suspend-fleet', suspend }
    : { kind: 'suspend-instance', bottle: slug, suspend };
}

/** A script that names a bottle means it; a person is asked, because the agent's work ends. */
async function stop(
  session: Session,
  slug: string,
  options: { readonly suspend?: true | undefined; readonly yes?: true | undefined },
): Promise<ExitCode> {
  if (options.suspend) return commitEdit(session, suspension(slug, true));
  await using api = await session.open();
  const edit = { kind: 'remove-instance', bottle: slug } as const;
  if (options.yes !== true && session.surroundings.ask !== null) {
    const { subject } = await session.expect(api.previewEdit(edit), { api, slug });
    session.output.note(`${sanitizeLine(subject)}, as a commit; git keeps its files`);
    if (!(await isConfirmed(session, `stop ${sanitizeLine(slug)}?`))) {
      session.output.note(`${sanitizeLine(slug)} runs on`);
      return EXIT.done;
    }
  }
  return showReport(session, await performEdit(session, api, edit), false);
}

async function commitEdit(session: Session, edit: FleetEdit): Promise<ExitCode> {
  await using api = await session.open();
  return showReport(session, await performEdit(session, api, edit), false);
}

async function apply(session: Session, slug: string): Promise<ExitCode> {
  await using api = await session.open();
  using progress = new ProgressPrinter(session.output);
  const pass = api.reconcile({ applyNow: [slug] }, progress.show, session.signal);
  const report = await session.complete(pass, { api, slug });
  progress[Symbol.dispose]();
  return showReport(session, report, false);
}

/** Commits, reconciles and tells how it ended. */
export async function performEdit(
  session: Session,
  api: ControllerApi,
  edit: FleetEdit,
): Promise<ReconcileReport> {
  using progress = new ProgressPrinter(session.output);
  const answer = api.edit(edit, session.surroundings.operator, progress.show);
  const isAboutBottle = 'bottle' in edit && edit.kind !== 'add-instance';
  const about = isAboutBottle ? { api, slug: edit.bottle } : undefined;
  const report = await session.complete(answer, about);
  return report;
}
