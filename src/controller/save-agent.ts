import { runtimeName } from '../model/component.ts';
import { classifyFailure, StepFailed } from './failure.ts';
import type { OnBackend } from './perform-action.ts';

/** Saves the agent's file system. A failure says that nothing was removed, and how to let the files go after all. */
export async function saveAgent(reference: string, context: OnBackend): Promise<void> {
  const { backend, fleet, bottle } = context;
  const ref = { fleet, bottle, component: 'agent' } as const;
  try {
    await backend.snapshot(ref, reference);
  } catch (error) {
    const { kind, message, hint } = classifyFailure(error);
    throw new StepFailed({
      kind,
      message: `its agent could not be saved as ${reference}, so nothing of it is removed: ${message}`,
      hint: `${hint === null ? '' : `${hint} `}To let it go unsaved, remove the container ${runtimeName(ref)} by hand.`,
    });
  }
}
