import { type Backend, BackendError } from '../backends/backend.ts';
import type { Action, PlannedAction } from '../model/action.ts';
import { assertNever } from '../model/assert-never.ts';
import type { Clock } from '../model/clock.ts';
import type { Component, ImageBuild } from '../model/component.ts';
import type { DesiredBottle } from '../model/desired-state.ts';
import type { BottleName, Fingerprint, FleetName } from '../model/names.ts';
import { AGENT_HOME } from '../model/providers/provider.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { HostFacts } from '../reconcilers/plan-context.ts';
import { awaitSidecars } from './await-sidecars.ts';
import type { EarlyProbe } from './early-probe.ts';
import { StepFailed } from './failure.ts';
import { keepSessions, keptSessions } from './kept-sessions.ts';
import type { BottleRecords } from './ports/bottle-records.ts';
import type { Secrets } from './ports/secrets.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';
import type { WorkspaceReader } from './ports/workspace-reader.ts';
import { proveIsolation } from './prove-isolation.ts';
import { provisionedFiles, SYSTEM_TRUST } from './provision.ts';
import { registerTools } from './register-tools.ts';
import { saveAgent } from './save-agent.ts';
import { sidecarInputs } from './sidecar-inputs.ts';
import type { StatusHints } from './status-hints.ts';

/** What the actions of one bottle are performed with. */
export interface ActionContext {
  readonly fleet: FleetName;
  readonly bottle: BottleName;
  /** Null when the bottle is on its way out. */
  readonly desired: DesiredBottle | null;
  readonly contents: ReadonlyMap<Fingerprint, Uint8Array>;
  readonly host: HostFacts;
  readonly backends: readonly Backend[];
  /** How to build each image that the plan names and that is built here. */
  readonly builds: ReadonlyMap<string, ImageBuild>;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly files: SidecarFiles;
  readonly records: BottleRecords;
  readonly hints: StatusHints;
  readonly secrets: Secrets;
  readonly workspaces: WorkspaceReader;
  readonly clock: Clock;
  /** Instances of the sidecars that this turn replaces, by bottle. */
  readonly former: Map<BottleName, readonly string[]>;
  readonly early: EarlyProbe;
  readonly onLog: (line: string) => void;
  /** Tells a person of what did not work and stops nothing. */
  readonly warn: (warning: Warning) => Promise<void>;
}

export interface Warning {
  /** PascalCase machine reason. */
  readonly reason: string;
  /** Sanitised. */
  readonly message: string;
}

/** Of a build that fails: what a person needs to see why. */
const BUILD_LOG_LINES = 40;
/** A process that ignores TERM gets this long. */
const STOP_GRACE_MS = 2_000;

/** Performs one action: one call of a port, or a short fixed sequence of them. Throws what `classifyFailure` reads. */
export async function performAction(planned: PlannedAction, turn: ActionContext): Promise<void> {
  // A bottle that moves has actions on two backends.
  const context = { ...turn, backend: backendOf(planned, turn) };
  const { backend, files, bottle } = context;
  const { action } = planned;
  switch (action.kind) {
    case 'ensure-image':
      return ensureImage(action.image, context);
    case 'render-sidecars':
      return renderSidecars(context);
    case 'create-network':
      return backend.createNetwork(action.network);
    case 'create-container':
      // The mark speaks of files that are gone by now, not of those that come.
      if (action.container.identity.component === 'agent') await context.records.clearMark(bottle);
      return createContainer(action, context);
    case 'provision':
      return provision(context);
    case 'start':
      return start(action.component, context);
    case 'await-sidecars':
      await awaitSidecars(bottle, { ...action, former: context.former.get(bottle) ?? [] }, context);
      return;
    case 'prove-isolation':
      return proveIsolation(refOf(context, 'agent'), context);
    case 'register-tools':
      return registerTools(requireDesired(context).spec.provider, refOf(context, 'agent'), context);
    case 'reload-sidecar':
      await renderSidecars(context);
      await awaitSidecars(bottle, { ...action, former: [] }, context);
      return;
    case 'keep-sessions':
      return keepSessions(requireDesired(context).spec, refOf(context, 'agent'), context);
    case 'stop':
      return backend.stop(refOf(context, action.component), STOP_GRACE_MS);
    case 'remove':
      return backend.remove(refOf(context, action.component));
    case 'snapshot':
      return saveAgent(action.reference, context);
    case 'keep-state':
      await context.records.keep(bottle);
      return files.remove(bottle);
    case 'remove-state':
      await context.records.remove(bottle);
      return files.remove(bottle);
    default:
      return assertNever(action);
  }
}

/** An action's context with the backend that it is on. */
export type OnBackend = ActionContext & { readonly backend: Backend };

function backendOf(planned: PlannedAction, { backends }: ActionContext): Backend {
  const backend = backends.find(({ name }) => name === planned.backend);
  if (backend === undefined) {
    throw new Error(`the plan names an unknown backend: ${planned.backend}`);
  }
  return backend;
}

async function start(component: Component, context: OnBackend): Promise<void> {
  if (component === 'sidecars') await rememberFormer(context);
  await context.backend.start(refOf(context, component));
  context.early.started(component, refOf(context, 'agent'), context);
}

/** Notes who reports now, so that the report of a process that is about to be replaced is not believed. */
async function rememberFormer(context: ActionContext): Promise<void> {
  const { egress, supervise } = await context.files.read(context.bottle);
  const instances = [egress, supervise].flatMap((status) => status?.instance ?? []);
  context.former.set(context.bottle, instances);
}

function refOf(context: ActionContext, component: Component) {
  return { fleet: context.fleet, bottle: context.bottle, component };
}

async function ensureImage(reference: string, context: OnBackend): Promise<void> {
  const build = context.builds.get(reference);
  if (build === undefined) {
    throw new StepFailed({
      kind: 'terminal',
      message: `image ${reference} is not on backend ${context.backend.name}`,
      hint: 'pull or import it there: bb never contacts a registry by itself',
    });
  }
  const log: string[] = [];
  try {
    await context.backend.ensureImage(build, (line) => {
      log.push(sanitizeLine(line));
      if (log.length > BUILD_LOG_LINES) log.shift();
      context.onLog(line);
    });
  } catch (error) {
    if (!(error instanceof BackendError) || error.code !== 'build-failed') throw error;
    const { kind, hint } = error;
    const [message = 'the build failed'] = error.message.split('\n');
    throw new StepFailed({ kind, message: sanitizeLine(message), hint, log });
  }
}

async function renderSidecars(context: ActionContext): Promise<void> {
  const desired = requireDesired(context);
  await context.files.prepare(context.bottle);
  const inputs = await sidecarInputs(desired, context.host, context.clock.nowMs(), context.secrets);
  await context.files.render(context.bottle, inputs);
}

async function createContainer(
  action: Extract<Action, { kind: 'create-container' }>,
  context: OnBackend,
): Promise<void> {
  const env: { [name: string]: string } = { ...action.container.env };
  for (const [name, source] of Object.entries(action.container.lateEnv)) {
    const value = context.environment[source.variable];
    if (value === undefined) {
      throw new StepFailed({
        kind: 'terminal',
        message: `env ${name} is read from the host's ${source.variable}, which is not set`,
        hint: `set ${source.variable} where the controller runs, then reconcile`,
      });
    }
    env[name] = value;
  }
  await context.backend.createContainer(action.container, env);
}

async function provision(context: OnBackend): Promise<void> {
  const { spec } = requireDesired(context);
  const owner = context.host.agentUser;
  const copied = await provisionedFiles(spec, context.contents, { ...context, owner });
  const agent = refOf(context, 'agent');
  const kept = await keptSessions(spec, context, copied);
  await context.backend.copyIn(agent, AGENT_HOME, [...copied, ...kept]);
  await context.backend.copyIn(agent, SYSTEM_TRUST.folder, SYSTEM_TRUST.files);
}

function requireDesired(context: ActionContext): DesiredBottle {
  if (context.desired === null) throw new Error(`bottle ${context.bottle} is not in the commit`);
  return context.desired;
}
