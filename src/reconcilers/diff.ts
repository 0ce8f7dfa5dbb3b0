import jsonPatch from 'fast-json-patch';
import type { Change } from '../model/action.ts';
import { impactOf } from './impact.ts';
import { byText } from './order.ts';

/** What must change in `observed` to become `desired`, with what each operation means; in the order of its paths. */
export function diff(observed: object, desired: object): readonly Change[] {
  return jsonPatch
    .compare(observed, desired)
    .map((operation) => ({ operation, impact: impactOf(operation) }))
    .sort((a, b) => byText(a.operation.path, b.operation.path));
}
