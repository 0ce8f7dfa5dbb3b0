import type { Backend } from '../backends/backend.ts';
import type { ComponentRef } from '../model/component.ts';
import { StepFailed } from './failure.ts';
import { isolationProbe, judgeIsolation } from './isolation-probe.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';

const PROBE_TIMEOUT_MS = 10_000;

/**
 * Publishes the bottle's certificate to the agent and proves, from inside and before any agent program runs, that the
 * sidecars are all that can be reached. An agent that is not proven is stopped again.
 */
export async function proveIsolation(
  agent: ComponentRef,
  ports: { readonly backend: Backend; readonly files: SidecarFiles },
): Promise<void> {
  try {
    await prove(agent, ports);
  } catch (error) {
    // Whatever kept it from being proven, an agent that is not proven does not run.
    await ports.backend.stop(agent, 0);
    throw error;
  }
}

async function prove(
  agent: ComponentRef,
  ports: { readonly backend: Backend; readonly files: SidecarFiles },
): Promise<void> {
  const { egress } = await ports.files.read(agent.bottle);
  if (egress === null) {
    throw new StepFailed({
      kind: 'transient',
      message: 'egress has not published its certificate',
      hint: `see bb logs ${agent.bottle} sidecars`,
    });
  }
  await ports.files.publishTrust(agent.bottle, egress.caPem);
  const result = await ports.backend.exec(agent, {
    argv: ['sh', '-s'],
    stdin: isolationProbe(),
    user: null,
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  const verdict = judgeIsolation(result);
  if (verdict.proven) return;
  throw new StepFailed({
    kind: 'terminal',
    message: `the agent's isolation could not be proven: ${verdict.reason}`,
    hint: 'it was stopped; bb doctor tells what the engine lacks',
  });
}
