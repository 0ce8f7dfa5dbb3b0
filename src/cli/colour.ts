import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];
/** Colours a text, or gives it back as it is. */
export type Paint = (style: Style, text: string) => string;

/** `NO_COLOR` and `FORCE_COLOR` decide before the terminal does; https://no-color.org. */
export function paintFor(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): Paint {
  if (!isColoured(environment, isTerminal)) return (_style, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** Whether a stream gets colours. */
export function isColoured(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && environment['TERM'] !== 'dumb';
}
