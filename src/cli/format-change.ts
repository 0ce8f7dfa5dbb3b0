import type { Change } from '../model/action.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { Paint, Style } from './colour.ts';

const SIGNS: { readonly [op: string]: readonly [sign: string, style: Style] } = {
  add: ['+', 'green'],
  remove: ['-', 'red'],
  replace: ['~', 'yellow'],
};

/** `+ /egress/routes/1  {"host":…}  (reload)`. */
export function formatChange(change: Change, paint: Paint): readonly string[] {
  const { operation, impact } = change;
  const [sign, style] = SIGNS[operation.op] ?? ['?', 'yellow'];
  const value = 'value' in operation ? `  ${JSON.stringify(operation.value)}` : '';
  const text = sanitizeLine(`${sign} ${operation.path}${value}`);
  return [`${paint(style, text)}  ${paint('dim', `(${impact})`)}`];
}
