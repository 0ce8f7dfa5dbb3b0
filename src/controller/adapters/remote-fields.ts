import { type Parsed, refuse } from '../../desired/parsed.ts';
import { quote } from '../../desired/problems.ts';
import type { WebhookSettings } from '../host-config.ts';

const UNITS: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `30s`, `5m`, `1h` in milliseconds. */
export function parsePoll(raw: string): Parsed<number> {
  const [, amount = '', unit = ''] = /^([1-9]\d{0,4})(s|m|h)$/.exec(raw) ?? [];
  const factor = UNITS[unit];
  if (factor !== undefined) return { ok: true, value: Number(amount) * factor };
  return refuse('invalid-value', `${quote(raw)} is not a time`, 'write it like 30s, 5m or 1h');
}

/** `127.0.0.1:9810`, `[::1]:9810`, or the absolute path of a socket: a forge elsewhere comes through a proxy. */
export function parseListen(raw: string): Parsed<WebhookSettings['listen']> {
  if (/^\/[!-~]{1,100}$/.test(raw)) return { ok: true, value: { kind: 'unix', path: raw } };
  const [, host = '', port = ''] = /^(127\.0\.0\.1|\[::1\]):(\d{1,5})$/.exec(raw) ?? [];
  const isPort = port !== '' && Number(port) <= 65_535;
  if (isPort) {
    const address = host.replace(/[[\]]/g, '');
    return { ok: true, value: { kind: 'tcp', host: address, port: Number(port) } };
  }
  return refuse(
    'invalid-value',
    `${quote(raw)} is not where a webhook may listen`,
    '127.0.0.1:<port>, [::1]:<port> or the absolute path of a socket; put a proxy with TLS before it',
  );
}
