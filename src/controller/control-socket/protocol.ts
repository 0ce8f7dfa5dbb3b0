import { z } from 'zod';
import type { ControllerApi } from '../api.ts';

/** What can be asked for over the socket. */
export type Method = Exclude<keyof ControllerApi, typeof Symbol.asyncDispose>;

/** Every method of the API; the type holds that none is forgotten. A new one is one line here and nothing elsewhere. */
const METHODS: { readonly [method in Method]: true } = {
  plan: true,
  reconcile: true,
  status: true,
  watchStatus: true,
  agents: true,
  events: true,
  history: true,
  decision: true,
  proposals: true,
  review: true,
  approve: true,
  reject: true,
  previewEdit: true,
  edit: true,
  leftovers: true,
  removeLeftovers: true,
  attachCommand: true,
  headlessCommand: true,
  sessionEnded: true,
  execCommand: true,
  logs: true,
};

export const METHOD_NAMES = Object.keys(METHODS) as readonly Method[];

/** Longest request: none of them carries a file. */
export const MAX_REQUEST_BYTES = 1024 * 1024;
/** Longest answer: the plan of a very large fleet. */
export const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

/**
 * One argument. A callback stays with the caller and is called by `progress` messages; a signal stays there too and
 * becomes `cancel`.
 */
const argument = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('json'), value: z.unknown() }),
  z.object({ kind: z.literal('absent') }),
  z.object({ kind: z.literal('callback') }),
  z.object({ kind: z.literal('signal') }),
]);
export type Argument = z.infer<typeof argument>;

/** A line from the client. */
const request = z.union([
  z.object({ id: z.number().int(), method: z.string(), params: z.array(argument).max(16) }),
  z.object({ cancel: z.number().int() }),
]);
export type Request = z.infer<typeof request>;

/** A line from the server: any number of `progress`, then one `result` or `error`. */
const answer = z.union([
  z.object({ id: z.number().int(), progress: z.unknown() }).refine((line) => 'progress' in line),
  z.object({ id: z.number().int(), error: z.string(), hint: z.string().nullish() }),
  z.object({ id: z.number().int(), result: z.unknown() }),
]);
export type AnswerLine = z.infer<typeof answer>;

/** Null for anything that is not a request: the connection is then of no use. */
export function parseRequest(line: string): Request | null {
  return request.safeParse(parseJson(line)).data ?? null;
}

/** As `parseRequest`, for the other direction. */
export function parseAnswer(line: string): AnswerLine | null {
  return answer.safeParse(parseJson(line)).data ?? null;
}

export function formatLine(message: Request | AnswerLine): string {
  return `${JSON.stringify(message)}\n`;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
