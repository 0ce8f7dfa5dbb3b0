import type { Answer, ControllerApi } from './api.ts';
import { accessBottle, refuse } from './bottle-access.ts';
import { markFailedSession } from './failed-session.ts';
import { classifyFailure } from './failure.ts';
import type { FleetJournal } from './fleet-journal.ts';
import type { PassPorts, PassResult } from './pass.ts';
import { headlessArgv, PROVIDER_TERMINAL, sessionArgv } from './provider-session.ts';

interface ProgramPorts {
  readonly pass: PassPorts;
  readonly journal: FleetJournal;
  /** What is desired and observed now. */
  readonly look: () => Promise<Answer<PassResult>>;
}

type BottlePrograms = Pick<
  ControllerApi,
  'attachCommand' | 'headlessCommand' | 'sessionEnded' | 'execCommand' | 'logs'
>;

/** Programs in running bottles, and what they write: none of it changes what a bottle is. */
export function bottlePrograms(ports: ProgramPorts): BottlePrograms {
  return {
    async attachCommand(bottle, argv, options) {
      const found = await access(bottle, 'agent');
      if (!found.ok) return found;
      const { backend, ref } = found.value;
      try {
        if (argv.length > 0) return { ok: true, value: backend.attachCommand(ref, argv) };
        const isNew = options?.isNew === true;
        const program = await sessionArgv(found.value, { isNew });
        const held = isNew ? null : PROVIDER_TERMINAL;
        return { ok: true, value: backend.attachCommand(ref, program, held) };
      } catch (error) {
        const { message, hint } = classifyFailure(error);
        return refuse('conflict', message, hint ?? `bb logs ${bottle} agent may tell more`);
      }
    },

    async headlessCommand(bottle, text) {
      const found = await access(bottle, 'agent');
      if (!found.ok) return found;
      const { backend, ref } = found.value;
      const argv = headlessArgv(found.value, text);
      if (argv !== null) return { ok: true, value: backend.execCommand(ref, argv) };
      const hint = 'declare provider: {headless: [program]} in its agent file';
      return refuse('bad-request', `the agent of ${bottle} cannot run without a terminal`, hint);
    },

    async sessionEnded(bottle, exitCode) {
      const found = await access(bottle, 'agent');
      if (!found.ok) return found;
      if (exitCode !== 0) await markFailedSession(found.value.ref.bottle, exitCode, ports);
      return { ok: true, value: null };
    },

    async execCommand(bottle, argv) {
      const found = await access(bottle, 'agent');
      if (!found.ok) return found;
      return { ok: true, value: found.value.backend.execCommand(found.value.ref, argv) };
    },

    async logs(bottle, component, options, onLine, signal) {
      const found = await access(bottle, component);
      if (!found.ok) return found;
      const { backend, ref } = found.value;
      for await (const line of backend.logs(ref, { ...options, signal })) onLine(line);
      return { ok: true, value: null };
    },
  };

  async function access(bottle: string, component: 'agent' | 'sidecars') {
    const result = await ports.look();
    return result.ok ? accessBottle(bottle, component, result.value, ports.pass.backends) : result;
  }
}
