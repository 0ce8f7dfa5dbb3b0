import type { Condition, ConditionType } from '../model/condition.ts';
import type { BottleStatus } from '../model/status.ts';

/** What most needs to be known of a bottle, in one word with its weight. */
export interface BottleState {
  readonly word: string;
  readonly weight: 'good' | 'busy' | 'attention' | 'bad' | 'quiet';
  /** Why, for people; empty when there is nothing to tell. */
  readonly message: string;
}

const BY_PRECEDENCE: readonly (readonly [ConditionType, BottleState['weight']])[] = [
  ['Stalled', 'bad'],
  ['Suspended', 'quiet'],
  ['AwaitingApproval', 'attention'],
  ['Reconciling', 'busy'],
  ['Drifted', 'attention'],
];

/** The state of a bottle by its conditions: left behind before stuck before waiting before working before ready. */
export function bottleState(bottle: BottleStatus): BottleState {
  const source = conditionOf(bottle.conditions, 'SourceReady');
  if (source?.status === 'False')
    return { word: 'Invalid', weight: 'bad', message: source.message };
  for (const [type, weight] of BY_PRECEDENCE) {
    const condition = conditionOf(bottle.conditions, type);
    if (condition?.status === 'True') return { word: type, weight, message: condition.message };
  }
  const ready = conditionOf(bottle.conditions, 'Ready');
  if (ready === undefined) return { word: '?', weight: 'attention', message: '' };
  if (ready.status === 'True') return { word: 'Ready', weight: 'good', message: '' };
  return { word: 'NotReady', weight: 'bad', message: ready.message };
}

export function conditionOf(
  conditions: readonly Condition[],
  type: ConditionType,
): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** True while nothing is acted on because the fleet is suspended. */
export function isFleetSuspended(conditions: readonly Condition[]): boolean {
  return conditionOf(conditions, 'Suspended')?.status === 'True';
}
