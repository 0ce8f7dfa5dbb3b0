/** A promise that nobody keeps: what a process that died was waiting for. */
const NEVER = new Promise<never>(() => undefined);

/**
 * The life of one controller process. Every port that it is given passes through here; at a chosen call the process
 * dies: from then on none of its calls does anything or ends, as if it had been killed.
 */
export class Life {
  /** Calls that change something, in order: `backend.start`. */
  readonly calls: string[] = [];
  readonly ended: Promise<void>;
  readonly #deathAt: { readonly call: number; readonly when: 'before' | 'after' } | null;
  #end: () => void = () => undefined;
  #isOver = false;

  /** Dies at the call of this number, 1-based, before or after it took effect. */
  constructor(deathAt: { readonly call: number; readonly when: 'before' | 'after' } | null = null) {
    this.#deathAt = deathAt;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** `port` as this process has it; `changing` names the calls that are counted. */
  lend<Port extends object>(
    name: string,
    port: Port,
    changing: readonly (keyof Port & string)[],
  ): Port {
    const counted = new Set<string | symbol>(changing);
    return new Proxy(port, {
      get: (target, key): unknown => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]): unknown => {
          if (this.#isOver) return NEVER;
          if (!counted.has(key)) return Reflect.apply(value, target, args);
          this.calls.push(`${name}.${String(key)}`);
          const call = this.calls.length;
          if (this.#dies(call, 'before')) return NEVER;
          const result: unknown = Reflect.apply(value, target, args);
          return Promise.resolve(result).then((given) =>
            this.#isOver || this.#dies(call, 'after') ? NEVER : given,
          );
        };
      },
    });
  }

  #dies(call: number, when: 'before' | 'after'): boolean {
    if (this.#deathAt?.call !== call || this.#deathAt.when !== when) return false;
    this.#isOver = true;
    this.#end();
    return true;
  }
}
