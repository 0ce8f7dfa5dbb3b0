import type { ResolvedEndpoint } from './endpoint.ts';
import { connect, type Engine } from './engine.ts';
import { classify, isConnectionLoss } from './engine-error.ts';

/** The way to the engine, opened by the first call and again after the engine was lost. */
export interface EngineConnection {
  readonly resolved: ResolvedEndpoint;
  /** Makes one call; whatever fails becomes a `BackendError` that begins with `doing`. */
  use<Value>(doing: string, call: (engine: Engine) => Promise<Value>): Promise<Value>;
  /** The next call asks the engine for its version anew. */
  forget(): void;
}

export function createEngineConnection(resolved: ResolvedEndpoint): EngineConnection {
  let opening: Promise<Engine> | null = null;
  const forget = () => {
    opening = null;
  };
  return {
    resolved,
    forget,
    async use(doing, call) {
      try {
        opening ??= connect(resolved);
        return await call(await opening);
      } catch (error) {
        const classified = classify(error, doing);
        if (isConnectionLoss(classified) || /client version .* too old/.test(classified.message)) {
          forget();
        }
        throw classified;
      }
    },
  };
}
