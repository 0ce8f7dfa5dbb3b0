import type { Readable } from 'node:stream';
import { sanitizeLine } from '../../model/sanitize.ts';
import { LineSplitter } from './lines.ts';

/** How a build or an import ended. `tail` holds the last lines that it said. */
export interface ProgressOutcome {
  readonly error: string | null;
  readonly tail: readonly string[];
}

const KEPT_LINES = 40;

/**
 * Reads the engine's JSON lines to the end. A failure is a line among them, since the status of the answer was sent
 * before the work began.
 */
export async function readProgress(
  stream: NodeJS.ReadableStream,
  onProgress: (line: string) => void,
): Promise<ProgressOutcome> {
  const splitter = new LineSplitter();
  const tail: string[] = [];
  let error: string | null = null;
  const read = (line: string) => {
    const message = parseMessage(line);
    error ??= message.error;
    for (const text of message.text.split('\n').filter((part) => part.trim() !== '')) {
      const shown = sanitizeLine(text.trimEnd());
      tail.push(shown);
      if (tail.length > KEPT_LINES) tail.shift();
      onProgress(shown);
    }
  };
  for await (const chunk of stream as Readable) splitter.take(chunk).forEach(read);
  splitter.end().forEach(read);
  return { error, tail };
}

function parseMessage(line: string): { readonly text: string; readonly error: string | null } {
  if (line.trim() === '') return { text: '', error: null };
  try {
    const message: {
      readonly stream?: string;
      readonly status?: string;
      readonly error?: string;
      readonly errorDetail?: { readonly message?: string };
    } = JSON.parse(line);
    const error = message.errorDetail?.message ?? message.error ?? null;
    return { text: message.stream ?? message.status ?? error ?? '', error };
  } catch {
    return { text: line, error: null };
  }
}
