import type { ControllerOptions } from './api.ts';
import { checkAgentPrograms } from './doctor/agent-programs.ts';
import { checkClock } from './doctor/clock.ts';
import { checkEngine, checkImages } from './doctor/engine.ts';
import { checkHostConfig } from './doctor/host-config.ts';
import { checkLogins } from './doctor/logins.ts';
import { checkDisk, checkNode, checkStateDirectory } from './doctor/machine.ts';
import { checkPipelock } from './doctor/pipelock.ts';
import { checkRemote } from './doctor/remote.ts';
import { checkGit, checkRepository } from './doctor/repository.ts';
import { checkLimits, checkSandboxes, checkTerminals } from './doctor/sandboxes.ts';
import { checkSecretsFile } from './doctor/secrets-file.ts';

/** How one thing of the machine stands; anything but `ok` says what to do. */
export interface CheckResult {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly fix: string | null;
}

/** Looks at one thing and changes nothing. */
export type Check = (options: ControllerOptions) => Promise<Omit<CheckResult, 'name'>>;

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['node', checkNode],
  ['git', checkGit],
  ['repository', checkRepository],
  ['remote', checkRemote],
  ['host config', checkHostConfig],
  ['engine', checkEngine],
  ['images', checkImages],
  ['sandboxes', checkSandboxes],
  ['limits', checkLimits],
  ['terminals', checkTerminals],
  ['pipelock', checkPipelock],
  ['secrets file', checkSecretsFile],
  ['logins', checkLogins],
  ['agent programs', checkAgentPrograms],
  ['state directory', checkStateDirectory],
  ['disk', checkDisk],
  ['clock', checkClock],
];

/** Every check, in a fixed order; one that breaks is a failed check, never an exception. */
export async function examine(options: ControllerOptions): Promise<readonly CheckResult[]> {
  return Promise.all(
    CHECKS.map(async ([name, check]) => ({ name, ...(await check(options).catch(broken)) })),
  );
}

function broken(error: unknown): Omit<CheckResult, 'name'> {
  return {
    state: 'fail',
    detail: `could not be checked: ${error instanceof Error ? error.message : String(error)}`,
    fix: 'run bb doctor --verbose and look at the cause',
  };
}
