import type { DesiredBottle } from '../../model/desired-state.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import type { SuperviseSettings } from '../../model/sidecar.ts';

/** Settings before they have a generation. */
export type RenderedSettings = Omit<SuperviseSettings, 'generation'>;

/** What the supervise sidecar of a bottle is told. */
export function renderSuperviseSettings(bottle: DesiredBottle): RenderedSettings {
  const { waitSeconds, maxPendingPerBottle } = bottle.spec.supervise;
  const hash = fingerprint({ waitSeconds, maxPendingPerBottle });
  return { bottle: bottle.name, hash, waitSeconds, maxPendingPerBottle };
}
