import type { ComponentRef } from '../../model/component.ts';
import type { Engine } from './engine.ts';
import { statusOf } from './engine-error.ts';
import { findContainer } from './ownership.ts';

/**
 * Programs that people run in containers, told from the ones that bb runs to look after them. An engine names all of
 * them alike (their environment is not in its answers), so ours are remembered by id while they run.
 */
export class Sessions {
  readonly #own = new Set<string>();
  readonly #awaited = new Set<string>();

  /** Counts an exec as ours until it is disposed of. */
  own(execId: string): Disposable {
    this.#own.add(execId);
    return { [Symbol.dispose]: () => void this.#own.delete(execId) };
  }

  /** True when the end of a program in this container is what somebody waits for. */
  isAwaited(containerId: string): boolean {
    return this.#awaited.has(containerId);
  }

  /** True while a program of somebody else runs in the container: a terminal, a command, an agent without either. */
  async isBusy(engine: Engine, ref: ComponentRef): Promise<boolean> {
    const container = await findContainer(engine, ref);
    if (container === null) return false;
    // Before the answers, so that a session that ends between them and us is told.
    this.#awaited.add(container.Id);
    const others = (container.ExecIDs ?? []).filter((id) => !this.#own.has(id));
    const running = await Promise.all(others.map((id) => isRunning(engine, id)));
    // An exec of ours exists before its id is known to us, but that one is by now.
    const isTheirs = (id: string, index: number) => running[index] === true && !this.#own.has(id);
    const busy = container.State.Running && others.some(isTheirs);
    if (!busy) this.#awaited.delete(container.Id);
    return busy;
  }
}

/** An exec that the engine already forgot, or whose container stopped in the meantime, has ended. */
async function isRunning(engine: Engine, execId: string): Promise<boolean> {
  try {
    return (await engine.calls.getExec(execId).inspect()).Running;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404 || status === 409) return false;
    throw error;
  }
}
