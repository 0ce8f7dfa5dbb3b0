/** What the first argument of a command names: completion asks the controller for the live ones. */
export type NameKind = 'bottle' | 'proposal' | 'agent';

export interface CommandName {
  readonly name: string;
  readonly group: 'The fleet:' | 'Proposals:' | 'History:' | 'One bottle:' | 'This machine:';
  readonly completes: NameKind | null;
}

/** Every command, in the order that help shows. */
export const COMMAND_NAMES = [
  { name: 'init', group: 'The fleet:', completes: null },
  { name: 'validate', group: 'The fleet:', completes: null },
  { name: 'plan', group: 'The fleet:', completes: null },
  { name: 'reconcile', group: 'The fleet:', completes: null },
  { name: 'controller', group: 'The fleet:', completes: null },
  { name: 'status', group: 'The fleet:', completes: null },
  { name: 'ui', group: 'The fleet:', completes: null },
  { name: 'list', group: 'The fleet:', completes: null },
  { name: 'events', group: 'The fleet:', completes: null },
  { name: 'proposals', group: 'Proposals:', completes: null },
  { name: 'show', group: 'Proposals:', completes: 'proposal' },
  { name: 'approve', group: 'Proposals:', completes: 'proposal' },
  { name: 'modify', group: 'Proposals:', completes: 'proposal' },
  { name: 'reject', group: 'Proposals:', completes: 'proposal' },
  { name: 'audit', group: 'History:', completes: null },
  { name: 'why', group: 'History:', completes: 'bottle' },
  { name: 'rollback', group: 'History:', completes: null },
  { name: 'start', group: 'One bottle:', completes: 'agent' },
  { name: 'stop', group: 'One bottle:', completes: 'bottle' },
  { name: 'suspend', group: 'One bottle:', completes: 'bottle' },
  { name: 'unsuspend', group: 'One bottle:', completes: 'bottle' },
  { name: 'apply', group: 'One bottle:', completes: 'bottle' },
  { name: 'diff', group: 'One bottle:', completes: 'bottle' },
  { name: 'attach', group: 'One bottle:', completes: 'bottle' },
  { name: 'exec', group: 'One bottle:', completes: 'bottle' },
  { name: 'logs', group: 'One bottle:', completes: 'bottle' },
  { name: 'cleanup', group: 'This machine:', completes: 'bottle' },
  { name: 'images', group: 'This machine:', completes: null },
  { name: 'doctor', group: 'This machine:', completes: null },
  { name: 'completion', group: 'This machine:', completes: null },
] as const satisfies readonly CommandName[];

/** Not shown in help: the completion scripts call it for names that exist now. */
export const NAMES_COMMAND = '__names';
