import type { PaneName, ViewerState } from './viewer-state.ts';

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
  | 'reject'
  | 'stop'
  | 'confirm'
  | 'submit'
  | 'cancel'
  | 'leave';

/** Who gets the keys: a question before a text field before the detail before the lists. */
export type Mode = 'confirm' | 'text' | 'help' | 'detail' | PaneName;

export interface Binding {
  readonly modes: readonly Mode[];
  readonly keys: readonly string[];
  readonly intent: Intent;
  readonly label: string;
  /** Shown in the key footer, not only in the help. */
  readonly isPrimary?: true;
}

const LISTS = ['proposals', 'agents'] as const;
const SCROLLING = [...LISTS, 'detail'] as const;

/** Every key of the viewer. In mode `text` any other printable key is text. */
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
  {
    modes: ['proposals', 'detail'],
    keys: ['r'],
    intent: 'reject',
    label: 'reject',
    isPrimary: true,
  },
  { modes: ['agents'], keys: ['x'], intent: 'stop', label: 'stop', isPrimary: true },
  { modes: LISTS, keys: ['tab'], intent: 'switch-pane', label: 'other pane', isPrimary: true },
  { modes: SCROLLING, keys: ['j', 'down'], intent: 'next', label: 'down' },
  { modes: SCROLLING, keys: ['k', 'up'], intent: 'previous', label: 'up' },
  { modes: SCROLLING, keys: ['pagedown'], intent: 'page-down', label: 'page down' },
  { modes: SCROLLING, keys: ['pageup'], intent: 'page-up', label: 'page up' },
  { modes: SCROLLING, keys: ['g', 'home'], intent: 'first', label: 'first' },
  { modes: SCROLLING, keys: ['G', 'end'], intent: 'last', label: 'last' },
  { modes: LISTS, keys: ['/'], intent: 'filter', label: 'filter', isPrimary: true },
  { modes: SCROLLING, keys: ['?'], intent: 'help', label: 'help', isPrimary: true },
  { modes: ['confirm'], keys: ['y', 'Y'], intent: 'confirm', label: 'yes', isPrimary: true },
  {
    modes: ['confirm'],
    keys: ['n', 'N', 'enter', 'escape', 'q'],
    intent: 'cancel',
    label: 'no',
    isPrimary: true,
  },
  { modes: ['text'], keys: ['enter'], intent: 'submit', label: 'done', isPrimary: true },
  { modes: ['text'], keys: ['escape'], intent: 'cancel', label: 'cancel', isPrimary: true },
  {
    modes: ['help', 'detail'],
    keys: ['escape', 'q', 'enter'],
    intent: 'cancel',
    label: 'back',
    isPrimary: true,
  },
  { modes: LISTS, keys: ['q', 'escape'], intent: 'leave', label: 'leave', isPrimary: true },
];

/** Who gets the keys in this state. */
export function modeOf(state: ViewerState): Mode {
  if (state.modal?.kind === 'help') return 'help';
  if (state.modal?.kind === 'reject' || state.isFiltering) return 'text';
  if (state.modal !== null) return 'confirm';
  return state.detail === null ? state.pane : 'detail';
}

/** What `key` means in `mode`; Ctrl-C leaves everywhere. Undefined when it means nothing. */
export function intentOf(mode: Mode, key: string): Intent | undefined {
  if (key === 'ctrl-c') return 'leave';
  return KEYMAP.find(({ modes, keys }) => modes.includes(mode) && keys.includes(key))?.intent;
}
