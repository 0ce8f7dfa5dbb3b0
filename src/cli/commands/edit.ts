import { Command } from '@commander-js/extra-typings';
import type { ControllerApi, FleetEdit } from '../../controller/api.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { ProgressPrinter } from '../progress.ts';
import type { Session } from '../session.ts';
import { showReport } from './reconcile.ts';

export const stopCommand: DeclareCommand = (frame) =>
  new Command('stop')
    .description('remove an instance: a commit, then a pass')
    .argument('<slug>')
    .option('--suspend', 'keep it in the files, suspended')
    .action((slug, options, command) =>
      frame.run(command, (session) =>
        commitEdit(
          session,
          options.suspend
            ? { kind: 'suspend-instance', bottle: slug, suspend: true }
            : { kind: 'remove-instance', bottle: slug },
        ),
      ),
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

export const startCommand: DeclareCommand = (frame) =>
  new Command('start')
    .description('one more instance of an agent: a commit, then a pass')
    .argument('<slug-or-agent>', 'an agent, or a suspended bottle')
    .option('--name <slug>', 'slug of the new bottle; default: made from the agent')
    .option('--label <text>', 'what lists show')
    .action((name, options, command) =>
      frame.run(command, (session) => start(session, name, options)),
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

async function commitEdit(session: Session, edit: FleetEdit): Promise<ExitCode> {
  await using api = await session.open();
  return performEdit(session, api, edit);
}

/** A name that is a bottle is unsuspended; any other is taken for an agent. */
async function start(
  session: Session,
  name: string,
  options: { readonly name?: string | undefined; readonly label?: string | undefined },
): Promise<ExitCode> {
  await using api = await session.open();
  const { bottles } = await session.expect(api.status());
  const isBottle = options.name === undefined && bottles.some((bottle) => bottle.name === name);
  return performEdit(
    session,
    api,
    isBottle
      ? { kind: 'suspend-instance', bottle: name, suspend: false }
      : {
          kind: 'add-instance',
          agent: name,
          bottle: options.name ?? null,
          label: options.label ?? null,
        },
  );
}

async function apply(session: Session, slug: string): Promise<ExitCode> {
  await using api = await session.open();
  using progress = new ProgressPrinter(session.output);
  const pass = api.reconcile({ applyNow: [slug] }, progress.show, session.signal);
  const report = await session.complete(pass, { api, slug });
  progress[Symbol.dispose]();
  return showReport(session, report, false);
}

async function performEdit(
  session: Session,
  api: ControllerApi,
  edit: FleetEdit,
): Promise<ExitCode> {
  using progress = new ProgressPrinter(session.output);
  const answer = api.edit(edit, session.surroundings.operator, progress.show);
  const isAboutBottle = 'bottle' in edit && edit.kind !== 'add-instance';
  const about = isAboutBottle ? { api, slug: edit.bottle } : undefined;
  const report = await session.complete(answer, about);
  progress[Symbol.dispose]();
  return showReport(session, report, false);
}
