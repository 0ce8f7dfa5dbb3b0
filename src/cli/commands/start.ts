import { Command } from '@commander-js/extra-typings';
import type { ControllerApi, ReconcileReport } from '../../controller/api.ts';
import type { FleetEdit } from '../../model/fleet-edit.ts';
import { conditionOf } from '../bottle-summary.ts';
import { isConfirmed } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { pickAgent } from '../pick-agent.ts';
import type { Session } from '../session.ts';
import { performEdit } from './edit.ts';
import { showReport } from './reconcile.ts';

interface StartOptions {
  readonly name?: string | undefined;
  readonly label?: string | undefined;
  readonly yes?: true | undefined;
  readonly detach?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly prompt?: string | undefined;
  readonly json?: true | undefined;
}

export const startCommand: DeclareCommand = (frame) =>
  new Command('start')
    .description('one more instance of an agent: preflight, y/N, a commit, a pass, attach')
    .argument('[slug-or-agent]', 'an agent, or a suspended bottle; default: asks which agent')
    .option('--name <slug>', 'slug of the new bottle; default: made from the agent')
    .option('--label <text>', 'what lists show')
    .option('-y, --yes', 'do not ask; needed where there is no terminal')
    .option('-d, --detach', 'do not attach when it is ready; so where there is no terminal')
    .option('--prompt <text>', 'have the agent do this without a terminal; exits as it does')
    .option('--dry-run', 'show preflight and plan, and stop')
    .option('--json', 'with --dry-run: print the preview as JSON')
    .action((name, options, command) =>
      frame.run(command, (session) => start(session, name, options)),
    );

/** Nothing is written before the yes: a dry run, an N and a failed preview leave nothing behind (R25). */
async function start(
  session: Session,
  named: string | undefined,
  options: StartOptions,
): Promise<ExitCode> {
  const { output } = session;
  await using api = await session.open();
  const name = named ?? (await pickAgent(session, api));
  if (name === null) return nothingStarted(session);
  if (options.prompt !== undefined && (await runsAlready(session, api, name, options))) {
    return await runHeadless(session, api, name, options.prompt);
  }
  const wanted = await editFor(session, api, name, options);
  const preview = await session.expect(api.previewEdit(wanted));
  const { edit, preflight, plan } = preview;
  if (options.dryRun && options.json) {
    output.json(preview);
    return EXIT.done;
  }
  if (preflight !== null) {
    const { formatPreflight } = await import('../../reconcilers/format-preflight.ts');
    output.lines(formatPreflight(preflight).split('\n'));
  }
  if (options.dryRun) {
    const { formatPlan } = await import('../../reconcilers/format-plan.ts');
    output.lines(['', ...formatPlan(plan, { color: output.isColoured }).trimEnd().split('\n')]);
    return EXIT.done;
  }
  const slug = preflight?.bottle ?? name;
  if (options.yes !== true && !(await isConfirmed(session, `start ${slug}?`, 'start it'))) {
    return nothingStarted(session);
  }
  const report = await performEdit(session, api, edit);
  const exitCode = showReport(session, report, false);
  if (!isReady(report, slug)) {
    // What was to be done was not: a script must not take that for done.
    return options.prompt !== undefined && exitCode === EXIT.done ? EXIT.failed : exitCode;
  }
  if (options.prompt !== undefined) return await runHeadless(session, api, slug, options.prompt);
  const isAttended = session.surroundings.ask !== null && options.detach !== true;
  if (!isAttended) return exitCode;
  return session.surroundings.handOver(await session.expect(api.attachCommand(slug, [])));
}

/** Has the agent do `text` and end; the exit code is its program's. One that failed is kept, and can be gone on with. */
async function runHeadless(
  session: Session,
  api: ControllerApi,
  slug: string,
  text: string,
): Promise<ExitCode> {
  const command = await session.expect(api.headlessCommand(slug, text));
  const exitCode = await session.surroundings.handOver(command);
  await session.expect(api.sessionEnded(slug, exitCode));
  if (exitCode !== 0) {
    session.output.diagnostic(
      `the agent of ${slug} ended with ${exitCode}; bb attach ${slug} goes on with its session`,
    );
  }
  return exitCode;
}

async function runsAlready(
  session: Session,
  api: ControllerApi,
  name: string,
  options: StartOptions,
): Promise<boolean> {
  if (options.name !== undefined) return false;
  const { bottles } = await session.expect(api.status());
  const conditions = bottles.find((each) => each.name === name)?.conditions ?? [];
  return (
    conditionOf(conditions, 'Ready')?.status === 'True' &&
    conditionOf(conditions, 'Suspended') === undefined
  );
}

/** A name that is a bottle is unsuspended; any other is taken for an agent. */
async function editFor(
  session: Session,
  api: ControllerApi,
  name: string,
  { name: bottle, label }: StartOptions,
): Promise<FleetEdit> {
  const { bottles } = await session.expect(api.status());
  const isBottle = bottle === undefined && bottles.some((each) => each.name === name);
  return isBottle
    ? { kind: 'suspend-instance', bottle: name, suspend: false }
    : { kind: 'add-instance', agent: name, bottle: bottle ?? null, label: label ?? null };
}

function isReady({ bottles }: ReconcileReport, slug: string): boolean {
  const bottle = bottles.find(({ name }) => name === slug);
  return conditionOf(bottle?.conditions ?? [], 'Ready')?.status === 'True';
}

function nothingStarted(session: Session): ExitCode {
  session.output.note('nothing was started');
  return EXIT.done;
}
