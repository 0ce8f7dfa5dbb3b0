import type { Backend } from '../backends/backend.ts';
import type { ProviderSpec } from '../model/bottle-spec.ts';
import type { ComponentRef, ContainerComponent } from '../model/component.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import { parseBottleName } from '../model/names.ts';
import type { Answer } from './api.ts';
import type { PassResult } from './pass.ts';

/** A running container of a bottle, and the backend that it is on. */
export interface BottleAccess {
  readonly backend: Backend;
  readonly ref: ComponentRef;
  readonly provider: ProviderSpec | null;
}

/** Finds the bottle on whatever backend has it: attach, exec and logs change nothing and need no commit. */
export function accessBottle(
  bottle: string,
  component: ContainerComponent,
  result: PassResult,
  backends: readonly Backend[],
): Answer<BottleAccess> {
  const name = parseBottleName(bottle);
  const known = new Set<string>(Object.keys(result.desired.bottles));
  for (const [backendName, observation] of Object.entries(result.observed.backends)) {
    if (!observation.available) continue;
    for (const observed of observation.bottles) known.add(observed.name);
    const found = observation.bottles.find((candidate) => candidate.name === name);
    const container = found?.containers.find((candidate) => candidate.component === component);
    const backend = backends.find((candidate) => candidate.name === backendName);
    if (name === undefined || container === undefined || backend === undefined) continue;
    if (container.state !== 'running') {
      return refuse(
        'conflict',
        `${component} of ${name} is ${container.state}`,
        'bb reconcile starts it',
      );
    }
    if (component === 'agent' && result.context.applied[name] === undefined) {
      return refuse(
        'conflict',
        `the isolation of ${name} is not proven yet, so nothing may run in it`,
        'bb status tells what it waits for',
      );
    }
    const provider = result.desired.bottles[name]?.spec.provider ?? null;
    const ref = { fleet: result.desired.fleet.name, bottle: name, component };
    return { ok: true, value: { backend, ref, provider } };
  }
  if (name !== undefined && known.has(name)) {
    return refuse('conflict', `bottle ${name} does not run`, 'bb reconcile starts it');
  }
  const near = didYouMean(bottle, known);
  const hint = near === undefined ? 'bb list active tells what runs' : `did you mean "${near}"?`;
  return refuse('not-found', `there is no bottle ${bottle}`, hint);
}

/** argv of an interactive session of the provider. */
export function sessionArgv(provider: ProviderSpec | null): readonly string[] {
  switch (provider?.kind) {
    case 'claude':
      return ['claude', '--dangerously-skip-permissions'];
    case 'codex':
      return ['codex', '--dangerously-bypass-approvals-and-sandbox'];
    case 'custom':
      return provider.command;
    case undefined:
      return ['sh'];
  }
}

function refuse(kind: 'not-found' | 'conflict', message: string, hint: string): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
