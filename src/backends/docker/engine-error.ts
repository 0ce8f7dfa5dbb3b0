import { sanitizeLine } from '../../model/sanitize.ts';
import { BackendError, type BackendErrorCode } from '../backend.ts';

/** The error for an engine that cannot be used as it was named. */
export function unavailable(reason: string, fix: string): BackendError {
  return new BackendError({ code: 'unavailable', kind: 'terminal', message: reason, hint: fix });
}

/** The HTTP status that an engine answered with; null for anything but an answer. */
export function statusOf(error: unknown): number | null {
  return fieldOf(error, 'statusCode', 'number');
}

/** What `doing` ended with, as the controller understands it. Errors of ours pass unchanged. */
export function classify(error: unknown, doing: string): BackendError {
  if (error instanceof BackendError) return error;
  const verdict = statusOf(error) === null ? ofConnection(error) : ofAnswer(error);
  return new BackendError({
    ...verdict,
    message: `${doing}: ${sanitizeLine(messageOf(error).trim())}`,
    cause: error,
  });
}

/** True when the engine itself was not reached, so that the next call has to look for it anew. */
export function isConnectionLoss(error: BackendError): boolean {
  return error.code === 'unavailable' || error.code === 'permission-denied';
}

interface Verdict {
  readonly code: BackendErrorCode;
  readonly kind: 'transient' | 'terminal';
  readonly hint?: string;
}

function ofConnection(error: unknown): Verdict {
  const name = fieldOf<string>(error, 'name', 'string');
  if (name === 'AbortError' || name === 'TimeoutError') {
    return { code: 'timeout', kind: 'transient' };
  }
  switch (fieldOf<string>(error, 'code', 'string')) {
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'permission-denied',
        kind: 'terminal',
        hint: 'Add yourself to the group of the socket (`sudo usermod -aG docker $USER`, then log in again), or name a rootless engine in DOCKER_HOST.',
      };
    case 'ENOENT':
    case 'ENOTSOCK':
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'EHOSTUNREACH':
    case 'ENOTFOUND':
    case 'EPIPE':
      return {
        code: 'unavailable',
        kind: 'transient',
        hint: 'Start the engine (`sudo systemctl start docker`) or name another one in DOCKER_HOST.',
      };
    default:
      return { code: 'failed', kind: 'transient' };
  }
}

function ofAnswer(error: unknown): Verdict {
  const status = statusOf(error) ?? 500;
  const message = messageOf(error);
  if (/overlap/i.test(message)) {
    return {
      code: 'subnet-overlap',
      kind: 'transient',
      hint: 'Another network took this subnet; the next pass picks another. See `networks.pool`.',
    };
  }
  if (/runtime (?:specified|name)|unknown runtime/i.test(message)) {
    return {
      code: 'unknown-runtime',
      kind: 'terminal',
      hint: 'Register the runtime with the engine (`runsc install`), or ask for `runtime: runc`.',
    };
  }
  if (/no such image|image .*not found/i.test(message)) {
    return { code: 'image-missing', kind: 'terminal', hint: 'Build or pull the image first.' };
  }
  if (status === 404) return { code: 'not-found', kind: 'transient' };
  if (status === 409 && /already (?:in use|exists)/i.test(message)) {
    return { code: 'name-taken', kind: 'terminal', hint: 'Rename or remove what has this name.' };
  }
  if (status === 400 || status === 403) return { code: 'failed', kind: 'terminal' };
  return { code: 'failed', kind: 'transient' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fieldOf<Value>(error: unknown, field: string, type: 'string' | 'number'): Value | null {
  if (typeof error !== 'object' || error === null) return null;
  const value = (error as { readonly [field: string]: unknown })[field];
  return typeof value === type ? (value as Value) : null;
}
