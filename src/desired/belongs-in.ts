import { bottleSchema } from './schema/bottle.ts';

/** Keys of a bottle file, for hints about keys that stand in the wrong kind of file. */
export const BOTTLE_KEYS: ReadonlySet<string> = new Set(Object.keys(bottleSchema.shape));
