import type { Backend, ExecRequest } from '../backends/backend.ts';
import type { ComponentRef } from '../model/component.ts';
import type { HostFacts } from '../reconcilers/plan-context.ts';
import { StepFailed } from './failure.ts';
import { type IsolationVerdict, isolationProbe, judgeIsolation } from './isolation-probe.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';

const PROBE_TIMEOUT_MS = 10_000;

/** Somebody whose processes the agent, which may run by now, can neither look into nor write to. */
const PROBER = { uid: 65_534, gid: 65_534 };
const OTHER_PROBER = { uid: 65_533, gid: 65_533 };

/** Where to look from, and as whom. */
export interface ProbingPorts {
  readonly backend: Backend;
  readonly host: Pick<HostFacts, 'agentUser'>;
}

interface ProvingPorts extends ProbingPorts {
  readonly files: SidecarFiles;
  /** What was begun before the sidecars were in force; absent = nothing. */
  readonly early?: { isProven(): Promise<boolean> };
}

/**
 * Publishes the bottle's certificate to the agent and proves, from inside and before any agent program runs, that the
 * sidecars are all that can be reached. An agent that is not proven is stopped again.
 */
export async function proveIsolation(agent: ComponentRef, ports: ProvingPorts): Promise<void> {
  try {
    await prove(agent, ports);
  } catch (error) {
    // Whatever kept it from being proven, an agent that is not proven does not run.
    await ports.backend.stop(agent, 0);
    throw error;
  }
}

async function prove(agent: ComponentRef, ports: ProvingPorts): Promise<void> {
  const { egress } = await ports.files.read(agent.bottle);
  if (egress === null) {
    throw new StepFailed({
      kind: 'transient',
      message: 'egress has not published its certificate',
      hint: `see bb logs ${agent.bottle} sidecars`,
    });
  }
  await ports.files.publishTrust(agent.bottle, egress.caPem);
  if (await ports.early?.isProven()) return;
  const verdict = await probeIsolation(agent, ports);
  if (verdict.proven) return;
  throw new StepFailed({
    kind: verdict.mayPass ? 'transient' : 'terminal',
    message: `the agent's isolation could not be proven: ${verdict.reason}`,
    hint: 'it was stopped; bb doctor tells what the engine lacks',
  });
}

/** Looks from inside, apart from all that the agent may be doing there; for the sidecars when `inputEnds` settles. */
export async function probeIsolation(
  agent: ComponentRef,
  ports: ProbingPorts,
  limits: Pick<ExecRequest, 'timeoutMs' | 'inputEnds'> = { timeoutMs: PROBE_TIMEOUT_MS },
): Promise<IsolationVerdict> {
  const result = await ports.backend.exec(agent, {
    argv: ['sh', '-s'],
    stdin: isolationProbe(),
    user: proberOf(ports),
    ...limits,
  });
  return judgeIsolation(result);
}

/** Null where a bottle has one user only: there the backend keeps what is run in it apart from the agent. */
function proberOf({ backend, host }: ProbingPorts): ExecRequest['user'] {
  if (!backend.capabilities.otherUsers) return null;
  return host.agentUser.uid === PROBER.uid ? OTHER_PROBER : PROBER;
}
