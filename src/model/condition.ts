export type ConditionType =
  | 'Ready'
  | 'Reconciling'
  | 'Stalled'
  | 'Drifted'
  | 'Suspended'
  | 'AwaitingApproval'
  | 'SourceReady';

/** One statement about a bottle or the fleet. `reason` is a PascalCase constant, `message` is for people. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** RFC 3339; changes only when `status` does. */
  readonly lastTransition: string;
}

/** `conditions` with `next` set; the transition time is kept when only words changed. */
export function setCondition(
  conditions: readonly Condition[],
  next: Condition,
): readonly Condition[] {
  const before = conditions.find((condition) => condition.type === next.type);
  const kept =
    before !== undefined && before.status === next.status
      ? { ...next, lastTransition: before.lastTransition }
      : next;
  return [...conditions.filter((condition) => condition.type !== next.type), kept].sort((a, b) =>
    a.type < b.type ? -1 : 1,
  );
}
