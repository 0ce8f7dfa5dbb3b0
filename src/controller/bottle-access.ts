import type { Backend } from '../backends/backend.ts';
import type { ContainerComponent } from '../model/component.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import { parseBottleName } from '../model/names.ts';
import type { Answer, Refusal } from './api.ts';
import { madeOf } from './made-of.ts';
import type { PassResult } from './pass.ts';
import type { RunningAgent } from './provider-session.ts';

/** Finds the bottle on whatever backend has it: attach, exec and logs change nothing and need no commit. */
export function accessBottle(
  bottle: string,
  component: ContainerComponent,
  result: PassResult,
  backends: readonly Backend[],
): Answer<RunningAgent> {
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
    const desired = result.desired.bottles[name]?.spec;
    const ref = { fleet: result.desired.fleet.name, bottle: name, component };
    const spec = madeOf(container.applied) ?? desired ?? null;
    return { ok: true, value: { backend, ref, spec, label: desired?.label ?? null } };
  }
  if (name !== undefined && known.has(name)) {
    return refuse('conflict', `bottle ${name} does not run`, 'bb reconcile starts it');
  }
  const near = didYouMean(bottle, known);
  const hint = near === undefined ? 'bb list active tells what runs' : `did you mean "${near}"?`;
  return refuse('not-found', `there is no bottle ${bottle}`, hint);
}

/** Says why, and what to do. */
export function refuse(kind: Refusal['kind'], message: string, hint: string): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
