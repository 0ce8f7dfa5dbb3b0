import type { DesiredBottle } from '../model/desired-state.ts';
import type { EgressSecrets } from '../model/sidecar.ts';
import { renderEgress } from '../reconcilers/egress/render-table.ts';
import type { HostFacts } from '../reconcilers/plan-context.ts';
import { renderSuperviseSettings } from '../reconcilers/supervise/render-settings.ts';
import { StepFailed } from './failure.ts';
import type { Secrets } from './ports/secrets.ts';
import type { SidecarInputs } from './ports/sidecar-files.ts';

/** The input files of a bottle's sidecars: the rendered tables, and the values of just the secrets that they name. */
export async function sidecarInputs(
  bottle: DesiredBottle,
  host: HostFacts,
  nowMs: number,
  secrets: Secrets,
): Promise<SidecarInputs> {
  const { table: egress, pipelockConfig } = renderEgress(bottle, host, nowMs);
  const names = Object.keys(egress.secrets);
  const values = names.length === 0 ? new Map<string, never>() : await secrets.values(names);
  const files: { [name: string]: { version: string; value: string } } = {};
  for (const name of names) {
    const secret = values.get(name);
    if (secret === undefined || secret.version !== egress.secrets[name]) {
      throw new StepFailed({
        kind: 'transient',
        message: `secret ${name} changed or went away while it was being rendered`,
        hint: 'check its source in secrets.yaml; the next pass tries again',
      });
    }
    files[name] = secret;
  }
  const supervise = renderSuperviseSettings(bottle);
  const gate = pipelockConfig === null ? {} : { pipelockConfig };
  return { egress, secrets: files satisfies EgressSecrets, ...gate, supervise };
}
