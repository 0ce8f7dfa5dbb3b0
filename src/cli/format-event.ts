import type { FleetEvent } from '../model/event.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { Paint, Style } from './colour.ts';

const STYLES: { readonly [severity in FleetEvent['severity']]: Style } = {
  info: 'dim',
  warning: 'yellow',
  error: 'red',
};

/** `2026-11-01T10:00:00Z  Reason  dev: what happened`. */
export function formatEvent(event: FleetEvent, paint: Paint): string {
  const who = event.bottle === null ? '' : `${sanitizeLine(event.bottle)}: `;
  const reason = paint(STYLES[event.severity], sanitizeLine(event.reason));
  return `${sanitizeLine(event.at)}  ${reason}  ${who}${sanitizeLine(event.message)}`;
}
