import type { Backend } from '../backends/backend.ts';
import type { BottleSpec } from '../model/bottle-spec.ts';
import type { ComponentRef } from '../model/component.ts';
import { providerOf } from '../model/providers/provider-of.ts';

/** What a session is begun with: the agent as it runs, which a newer commit may describe otherwise. */
export interface RunningAgent {
  readonly backend: Backend;
  readonly ref: ComponentRef;
  /** Null where nobody knows what the bottle was made of: it gets a shell. */
  readonly spec: Pick<BottleSpec, 'provider' | 'prompt'> | null;
  readonly label: string | null;
}

/** Name of the terminal that the provider's own session is in, where a backend holds terminals. */
export const PROVIDER_TERMINAL = 'provider';

const CHECK_TIMEOUT_MS = 5_000;
/** Ends with 0 when one of its arguments is a file with something in it. */
const ANY_FILE = 'for file in "$@"; do [ -s "$file" ] && exit 0; done; exit 1';

/**
 * argv of the provider's own session: the last one is gone on with when the provider's own transcript of it is in the
 * bottle, else a new one begins, for a program that finds nothing to resume ends or asks (R10, R11). Throws
 * `BackendError` when the bottle cannot be asked: a session is never begun anew because a look failed (D5).
 */
export async function sessionArgv(
  { backend, ref, spec, label }: RunningAgent,
  options: { readonly isNew: boolean },
): Promise<readonly string[]> {
  if (spec === null) return ['sh'];
  const provider = providerOf(spec.provider);
  const resume = !options.isNew && (await hasTranscript(provider.transcripts, backend, ref));
  return provider.session({ resume, hasPrompt: spec.prompt !== null, label });
}

/** argv of a session that does `text` and ends; null where the program has no such sessions. */
export function headlessArgv({ spec }: RunningAgent, text: string): readonly string[] | null {
  if (spec === null) return null;
  return providerOf(spec.provider).headless({ text, hasPrompt: spec.prompt !== null });
}

/** The pattern is of letters that a shell takes as they are, and of `*`. */
async function hasTranscript(
  pattern: string | null,
  backend: Backend,
  ref: ComponentRef,
): Promise<boolean> {
  if (pattern === null) return false;
  const { exitCode } = await backend.exec(ref, {
    argv: ['sh', '-s'],
    stdin: `cd || exit 1; set -- ${pattern}; ${ANY_FILE}\n`,
    user: null,
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  return exitCode === 0;
}
