import { SimulatedBackend } from '../../src/backends/simulated/simulated-backend.ts';
import { SimulatedEngine } from '../../src/backends/simulated/simulated-engine.ts';
import { backendContract } from './backend-contract.ts';

const IMAGE = 'bb/simulated:1';
const clock = { nowMs: () => 0, elapsedMs: () => 0, sleep: () => Promise.resolve() };
const engine = new SimulatedEngine();
engine.put({ kind: 'image', name: IMAGE });

backendContract({
  name: 'simulated',
  open: () => new SimulatedBackend({ engine, clock }),
  image: IMAGE,
  runsPrograms: false,
  keptFolder: '/tmp',
  diskFolder: '/tmp',
  runtime: null,
  async makeSession(name) {
    const setBusy = (busy: boolean) => {
      const container = engine.container(name);
      if (container === undefined) throw new Error(`there is no ${name}`);
      engine.put({ ...container, busy });
    };
    setBusy(true);
    return {
      async [Symbol.asyncDispose]() {
        setBusy(false);
      },
    };
  },
  openAbsent: () => null,
  async makeForeign(kind, name) {
    const object = { kind: `foreign-${kind}`, name, subnet: null } as const;
    engine.put(object);
    return {
      async [Symbol.asyncDispose]() {
        engine.drop(object);
      },
    };
  },
});
