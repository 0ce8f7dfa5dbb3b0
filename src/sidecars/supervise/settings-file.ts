import { parseBottleName, parseFingerprint } from '../../model/names.ts';
import type { SuperviseSettings } from '../../model/sidecar.ts';

/** Settings that may come in force, or why they may not. */
export type ParsedSettings =
  | { readonly ok: true; readonly settings: SuperviseSettings }
  | { readonly ok: false; readonly generation: number | null; readonly reason: string };

/** Reads `settings.json`; anything that is not whole is refused, and what was in force stays. */
export function parseSettings(text: string): ParsedSettings {
  let raw: { readonly [name: string]: unknown };
  try {
    raw = Object(JSON.parse(text));
  } catch {
    return { ok: false, generation: null, reason: 'settings.json is not JSON' };
  }
  const { generation, waitSeconds, maxPendingPerBottle } = raw;
  const bottle = parseBottleName(String(raw['bottle']));
  const hash = parseFingerprint(String(raw['hash']));
  const refused = (field: string): ParsedSettings => ({
    ok: false,
    generation: isCount(generation) ? generation : null,
    reason: `settings.json has no valid ${field}`,
  });
  if (!isCount(generation)) return refused('generation');
  if (bottle === undefined) return refused('bottle');
  if (hash === undefined) return refused('hash');
  if (!isCount(waitSeconds)) return refused('waitSeconds');
  if (!isCount(maxPendingPerBottle)) return refused('maxPendingPerBottle');
  return { ok: true, settings: { generation, bottle, hash, waitSeconds, maxPendingPerBottle } };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
