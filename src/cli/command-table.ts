import { type COMMAND_NAMES, NAMES_COMMAND } from './command-names.ts';
import type { DeclareCommand } from './frame.ts';

type Verb = (typeof COMMAND_NAMES)[number]['name'] | typeof NAMES_COMMAND;

/** Loaded only when the command is asked for: start-up time is part of what `bb` promises. */
export const LOADERS: { readonly [verb in Verb]: () => Promise<DeclareCommand> } = {
  init: async () => (await import('./commands/init.ts')).initCommand,
  validate: async () => (await import('./commands/validate.ts')).validateCommand,
  plan: async () => (await import('./commands/plan.ts')).planCommand,
  reconcile: async () => (await import('./commands/reconcile.ts')).reconcileCommand,
  controller: async () => (await import('./commands/controller.ts')).controllerCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  ui: async () => (await import('./commands/status.ts')).uiCommand,
  list: async () => (await import('./commands/list.ts')).listCommand,
  events: async () => (await import('./commands/events.ts')).eventsCommand,
  proposals: async () => (await import('./commands/proposals.ts')).proposalsCommand,
  show: async () => (await import('./commands/proposals.ts')).showCommand,
  approve: async () => (await import('./commands/approve.ts')).approveCommand,
  modify: async () => (await import('./commands/modify.ts')).modifyCommand,
  reject: async () => (await import('./commands/approve.ts')).rejectCommand,
  audit: async () => (await import('./commands/audit.ts')).auditCommand,
  why: async () => (await import('./commands/why.ts')).whyCommand,
  rollback: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  start: async () => (await import('./commands/start.ts')).startCommand,
  stop: async () => (await import('./commands/edit.ts')).stopCommand,
  suspend: async () => (await import('./commands/edit.ts')).suspendCommand,
  unsuspend: async () => (await import('./commands/edit.ts')).unsuspendCommand,
  apply: async () => (await import('./commands/edit.ts')).applyCommand,
  diff: async () => (await import('./commands/diff.ts')).diffCommand,
  attach: async () => (await import('./commands/exec.ts')).attachCommand,
  exec: async () => (await import('./commands/exec.ts')).execCommand,
  logs: async () => (await import('./commands/exec.ts')).logsCommand,
  cleanup: async () => (await import('./commands/cleanup.ts')).cleanupCommand,
  images: async () => (await import('./commands/images.ts')).imagesCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  completion: async () => (await import('./commands/completion.ts')).completionCommand,
  [NAMES_COMMAND]: async () => (await import('./commands/completion.ts')).namesCommand,
};
