import type { Modal, PaneName, ViewerState } from './viewer-state.ts';

/** What a key means, independent of which key it is. */
export type Intent =
  | 'next'
  | 'previous'
  | 'page-down'
  | 'page-up'
  | 'first'
  | 'last'
  | 'switch-pane'
  | 'filter'
  | 'help'
  | 'open'
  | 'attach'
  | 'approve'
  | 'modify'
  | 'reject'
  | 'stop'
  | 'start'
  | 'logs'
  | 'other-log'
  | 'diff'
  | 'events'
  | 'history'
  | 'apply'
  | 'select'
  | 'approve-all'
  | 'confirm'
  | 'submit'
  | 'cancel'
  | 'leave';

/** Who gets the keys: a question before a text field before what fills the screen before the lists. */
export type Mode =
  | 'confirm'
  /** A question under a text that scrolls. */
  | 'preflight'
  | 'text'
  /** A text field over a list. */
  | 'pick'
  | 'help'
  | 'detail'
  | 'logs'
  | 'reader'
  | 'history'
  | PaneName;

export interface Binding {
  readonly modes: readonly Mode[];
  readonly keys: readonly string[];
  readonly intent: Intent;
  readonly label: string;
  /** Shown in the key footer, not only in the help. */
  readonly isPrimary?: true;
}

const LISTS = ['proposals', 'agents'] as const;
const READING = ['logs', 'reader'] as const;
const SCROLLING = [...LISTS, 'detail', 'history', ...READING] as const;
const MOVING = [...SCROLLING, 'help', 'preflight'] as const;

/** Every key of the viewer. In the modes `text` and `pick` any other printable key is text. */
export const KEYMAP: readonly Binding[] = [
  { modes: ['proposals'], keys: ['enter', 'v'], intent: 'open', label: 'detail', isPrimary: true },
  { modes: ['agents'], keys: ['enter'], intent: 'attach', label: 'attach', isPrimary: true },
  {
    modes: ['proposals', 'detail'],
    keys: ['a'],
    intent: 'approve',
    label: 'approve',
    isPrimary: true,
  },
  { modes: ['proposals', 'detail'], keys: ['m'], intent: 'modify', label: 'modify in $EDITOR' },
  {
    modes: ['proposals', 'detail'],
    keys: ['r'],
    intent: 'reject',
    label: 'reject',
    isPrimary: true,
  },
  { modes: ['proposals'], keys: [' '], intent: 'select', label: 'select' },
  { modes: ['proposals'], keys: ['A'], intent: 'approve-all', label: 'approve selected' },
  { modes: LISTS, keys: ['n'], intent: 'start', label: 'start', isPrimary: true },
  { modes: ['agents'], keys: ['x'], intent: 'stop', label: 'stop', isPrimary: true },
  { modes: ['agents'], keys: ['l'], intent: 'logs', label: 'logs', isPrimary: true },
  { modes: ['agents'], keys: ['d'], intent: 'diff', label: 'desired against observed' },
  { modes: ['agents'], keys: ['w'], intent: 'events', label: 'events' },
  { modes: [...LISTS, 'detail'], keys: ['c'], intent: 'history', label: 'commits' },
  { modes: ['history'], keys: ['enter', 'v'], intent: 'open', label: 'detail', isPrimary: true },
  { modes: ['history'], keys: ['escape', 'q'], intent: 'cancel', label: 'back', isPrimary: true },
  { modes: ['agents'], keys: ['u'], intent: 'apply', label: 'apply a withheld update' },
  {
    modes: ['logs'],
    keys: ['tab'],
    intent: 'other-log',
    label: 'agent or sidecars',
    isPrimary: true,
  },
  { modes: LISTS, keys: ['tab'], intent: 'switch-pane', label: 'pane', isPrimary: true },
  { modes: MOVING, keys: ['j', 'down'], intent: 'next', label: 'down' },
  { modes: MOVING, keys: ['k', 'up'], intent: 'previous', label: 'up' },
  { modes: MOVING, keys: ['pagedown'], intent: 'page-down', label: 'page down' },
  { modes: MOVING, keys: ['pageup'], intent: 'page-up', label: 'page up' },
  { modes: MOVING, keys: ['g', 'home'], intent: 'first', label: 'first' },
  { modes: MOVING, keys: ['G', 'end'], intent: 'last', label: 'last' },
  { modes: LISTS, keys: ['/'], intent: 'filter', label: 'filter', isPrimary: true },
  { modes: SCROLLING, keys: ['?'], intent: 'help', label: 'help', isPrimary: true },
  {
    modes: ['confirm', 'preflight'],
    keys: ['y', 'Y'],
    intent: 'confirm',
    label: 'yes',
    isPrimary: true,
  },
  {
    modes: ['confirm', 'preflight'],
    keys: ['n', 'N', 'enter', 'escape', 'q'],
    intent: 'cancel',
    label: 'no',
    isPrimary: true,
  },
  { modes: ['pick'], keys: ['down', 'ctrl-n'], intent: 'next', label: 'down', isPrimary: true },
  { modes: ['pick'], keys: ['up', 'ctrl-p'], intent: 'previous', label: 'up', isPrimary: true },
  { modes: ['text', 'pick'], keys: ['enter'], intent: 'submit', label: 'done', isPrimary: true },
  { modes: ['text', 'pick'], keys: ['escape'], intent: 'cancel', label: 'cancel', isPrimary: true },
  {
    modes: ['help', 'detail', ...READING],
    keys: ['escape', 'q', 'enter'],
    intent: 'cancel',
    label: 'back',
    isPrimary: true,
  },
  { modes: LISTS, keys: ['q', 'escape'], intent: 'leave', label: 'leave', isPrimary: true },
];

const MODE_OF_MODAL: { readonly [kind in Modal['kind']]: Mode } = {
  help: 'help',
  reject: 'text',
  'pick-agent': 'pick',
  start: 'preflight',
  'approve-all': 'preflight',
  approve: 'confirm',
  stop: 'confirm',
  apply: 'confirm',
};

/** Who gets the keys in this state. */
export function modeOf(state: ViewerState): Mode {
  const { modal, reader } = state;
  if (modal !== null) return MODE_OF_MODAL[modal.kind];
  if (state.isFiltering) return 'text';
  if (reader !== null) return reader.topic.kind === 'logs' ? 'logs' : 'reader';
  if (state.history !== null) return 'history';
  return state.detail === null ? state.pane : 'detail';
}

/** What `key` means in `mode`; Ctrl-C leaves everywhere. Undefined when it means nothing. */
export function intentOf(mode: Mode, key: string): Intent | undefined {
  if (key === 'ctrl-c') return 'leave';
  return KEYMAP.find(({ modes, keys }) => modes.includes(mode) && keys.includes(key))?.intent;
}
