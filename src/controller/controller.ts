import type { Random } from '../model/clock.ts';
import { parseBottleName } from '../model/names.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { Answer, ControllerApi, Progress, ReconcileReport, Refusal } from './api.ts';
import { findDecision, newestDecisions } from './audit/find-decision.ts';
import { availableAgents } from './available-agents.ts';
import { bottlePrograms } from './bottle-programs.ts';
import { commitEdit } from './commit-edit.ts';
import { converge } from './converge.ts';
import { heldWords } from './decision-holder.ts';
import type { Decisions } from './decisions.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { FleetStatuses } from './fleet-statuses.ts';
import { findLeftovers, removeLeftovers } from './leftovers.ts';
import { type PassPorts, type PassResult, resolveTip } from './pass.ts';
import { asPerson } from './person.ts';
import { previewEdit } from './preview-edit.ts';
import {
  NO_PERMISSIONS,
  type PassOptions,
  type PassReport,
  type Reconciler,
} from './reconciler.ts';
import { proposalView } from './review-candidate.ts';
import type { Unattended } from './unattended.ts';

export interface ControllerPorts {
  readonly pass: PassPorts;
  readonly random: Random;
  readonly reconciler: Reconciler;
  readonly decisions: Decisions;
  readonly unattended: Unattended;
  readonly proposals: ProposalStore;
  readonly journal: FleetJournal;
  /** Pid of this process when it is the controller, null when it makes one pass for a command. */
  readonly controllerPid: number | null;
  /** Closes what was opened for this controller: watches, lock, streams. */
  readonly close: () => Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 120_000;

/** The controller in this process: every command as one call. */
export function createController(ports: ControllerPorts): ControllerApi {
  const { reconciler, decisions, unattended, journal, proposals } = ports;
  const { git, clock, backends, files, records } = ports.pass;
  const statuses = new FleetStatuses(ports);

  return {
    async plan({ revision, allowMassDelete }) {
      const options = await passOptions({ revision, allowMassDelete });
      if (!options.ok) return options;
      const report = await reconciler.plan(options.value);
      if (report.kind === 'refused') return refused(report.refusal);
      const { result, diagnostics } = report;
      return { ok: true, value: { revision: result.revision, plan: result.plan, diagnostics } };
    },

    async reconcile(options, onProgress, signal) {
      const asked = await passOptions(options);
      if (!asked.ok) return asked;
      reconciler.forgive();
      if (options.revision === undefined) await unattended.endDue();
      return reconcile(asked.value, onProgress, options.timeoutMs, signal);
    },

    async status() {
      const report = await reconciler.plan({ permissions: NO_PERMISSIONS });
      // Without any commit there is nothing to tell; a bad one is told by the status itself.
      if (report.kind === 'refused' && reconciler.snapshot().tip === null) {
        return refused(report.refusal);
      }
      return { ok: true, value: await statuses.current() };
    },

    async watchStatus(onStatus, signal) {
      await reconciler.plan({ permissions: NO_PERMISSIONS });
      await statuses.follow(onStatus, signal);
    },

    async agents() {
      const tip = await resolveTip(git);
      if ('refusal' in tip) return refused(tip.refusal);
      return { ok: true, value: availableAgents(await git.readTree(tip.revision)) };
    },

    events: async ({ limit }) => ({ ok: true, value: await journal.events(limit) }),

    async history({ limit }) {
      const tip = await git.tip();
      if (tip === null) return { ok: true, value: [] };
      return { ok: true, value: await newestDecisions(git, tip, { limit, isAsked: () => true }) };
    },
    async decision(name) {
      return findDecision(git, await git.tip(), name);
    },

    async proposals({ all }) {
      const records = all === true ? await proposals.all() : await proposals.pending();
      const held = new Map((await decisions.held()).map((each) => [each.id, heldWords(each)]));
      return {
        ok: true,
        value: records.map(({ proposal, response }) =>
          proposalView(proposal, response?.state ?? 'pending', held.get(proposal.id)),
        ),
      };
    },

    review: (id, terms) => decisions.review(id, terms),
    async approve(request, onProgress) {
      const person = asPerson(request.operator);
      if (!person.ok) return person;
      const decided = await listening(onProgress, () => decisions.approve(request));
      if (decided.ok && ports.controllerPid === null) await noteApplication();
      return decided;
    },

    async reject(request) {
      const person = asPerson(request.operator);
      return person.ok ? decisions.reject(request) : person;
    },

    previewEdit: (edit) => previewEdit(edit, ports),

    async edit(edit, operator, onProgress) {
      const person = asPerson(operator);
      if (!person.ok) return person;
      const committed = await commitEdit(edit, operator, ports);
      if (!committed.ok) return committed;
      const at = committed.value.revision.slice(0, 12);
      onProgress({ kind: 'stage', text: `committed ${at} ${committed.value.subject}` });
      const { leftInWorkingTree } = committed.value;
      for (const path of leftInWorkingTree) onProgress({ kind: 'left-in-working-tree', path });
      return reconcile({ permissions: NO_PERMISSIONS }, onProgress, undefined, undefined);
    },

    async leftovers() {
      const result = await look();
      return result.ok ? { ok: true, value: findLeftovers(result.value) } : result;
    },

    async removeLeftovers(leftovers) {
      const result = await look();
      if (!result.ok) return result;
      const fleet = result.value.desired.fleet.name;
      return removeLeftovers(leftovers, findLeftovers(result.value), {
        fleet,
        backends,
        files,
        records,
      });
    },

    ...bottlePrograms({ ...ports, look }),

    [Symbol.asyncDispose]: () => ports.close(),
  };

  async function reconcile(
    options: PassOptions,
    onProgress: (progress: Progress) => void,
    timeoutMs: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer<ReconcileReport>> {
    const limits = {
      clock,
      timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    };
    let actions = 0;
    const counting = (progress: Progress): void => {
      if (progress.kind === 'action' && progress.state === 'done') actions += 1;
      onProgress(progress);
    };
    const report = await listening(counting, () => converge(reconciler, options, limits));
    await unattended.look();
    await unattended.settled();
    if (report.kind === 'refused') return refused(report.refusal);
    // The last good commit was kept in force, which is not what was asked for.
    const { refusal } = reconciler.snapshot();
    if (options.revision === undefined && refusal !== null) return refused(refusal);
    return { ok: true, value: await reconcileReport(report, actions) };
  }

  /** Without a loop that comes by again nobody else would write down that the commit is in force. */
  async function noteApplication(): Promise<void> {
    await reconciler.settled();
    await reconciler.pass({ permissions: NO_PERMISSIONS });
    await reconciler.settled();
  }

  async function reconcileReport(
    report: Extract<PassReport, { kind: 'passed' }>,
    actions: number,
  ): Promise<ReconcileReport> {
    const { bottles } = await statuses.current();
    const { memories } = reconciler.snapshot();
    const failures = [...memories].flatMap(([bottle, { setback }]) => {
      if (setback === null) return [];
      const { message, hint } = setback.failure;
      return [{ bottle, message, hint }];
    });
    const stuck = report.result.plan.bottles.some(({ verdict }) => verdict === 'blocked');
    const converged = report.result.plan.actions.length === 0 && failures.length === 0 && !stuck;
    return { revision: report.result.revision, converged, bottles, actions, failures };
  }

  async function listening<Value>(
    onProgress: (progress: Progress) => void,
    work: () => Promise<Value>,
  ): Promise<Value> {
    const stop = reconciler.onProgress(onProgress);
    try {
      return await work();
    } finally {
      stop();
    }
  }

  async function look(): Promise<Answer<PassResult>> {
    const report = await reconciler.plan({ permissions: NO_PERMISSIONS });
    return report.kind === 'refused' ? refused(report.refusal) : { ok: true, value: report.result };
  }

  async function passOptions(options: {
    readonly revision?: string | undefined;
    readonly allowMassDelete?: boolean | undefined;
    readonly applyNow?: readonly string[];
  }): Promise<Answer<PassOptions>> {
    const applyNow = (options.applyNow ?? []).flatMap((name) => parseBottleName(name) ?? []);
    const permissions = { allowMassDelete: options.allowMassDelete === true, applyNow };
    if (options.revision === undefined) return { ok: true, value: { permissions } };
    const revision = await git.resolveRevision(options.revision);
    if (revision !== null) return { ok: true, value: { permissions, revision } };
    return refused({
      kind: 'not-found',
      message: `there is no commit ${options.revision}`,
      hint: 'name a commit, branch or tag of the desired-state repository',
      diagnostics: [],
    });
  }
}

function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
