import { type ComponentRef, runtimeName } from '../../model/component.ts';

const turns = new Map<string, Promise<unknown>>();

/** One call at a time for each key, in the order of asking, also over several backends of this process. */
export async function inTurn<Value>(key: string, call: () => Promise<Value>): Promise<Value> {
  const before = turns.get(key) ?? Promise.resolve();
  const mine = before.then(call, call);
  turns.set(key, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(key) === mine) turns.delete(key);
  }
}

/** Resolves when what was asked for under the key by now is over, however it ended. */
export async function afterTurns(key: string): Promise<void> {
  await turns.get(key)?.catch(() => undefined);
}

/** Under which calls for one container are put in turn. */
export function containerTurn(directory: string, ref: ComponentRef): string {
  return `${directory}/${runtimeName(ref)}`;
}
