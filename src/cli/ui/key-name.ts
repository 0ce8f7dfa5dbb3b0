import type { Key } from 'ink';

const CONTROL_KEYS = ['c', 'n', 'p'];

/** Names of the keys that were pressed, as the keymap has them; a chunk of typed text gives one a character. */
export function keyNames(input: string, key: Key): readonly string[] {
  if (key.ctrl) return CONTROL_KEYS.includes(input) ? [`ctrl-${input}`] : [];
  if (key.upArrow) return ['up'];
  if (key.downArrow) return ['down'];
  if (key.pageUp) return ['pageup'];
  if (key.pageDown) return ['pagedown'];
  if (key.home) return ['home'];
  if (key.end) return ['end'];
  if (key.return) return ['enter'];
  if (key.escape) return ['escape'];
  if (key.tab) return ['tab'];
  if (key.backspace || key.delete) return ['backspace'];
  if (key.meta) return [];
  return Array.from(input, (character) => (character === '\r' ? 'enter' : character));
}
