import type { Finding } from './finding.ts';

/**
 * Overwrites the letters and digits of each finding with `*`, so that what stands around and between them, quotes and
 * commas and the length of the text, stays as it was. Null where a finding shows only in what the text decodes to.
 */
export function redact(text: string, findings: readonly Finding[]): string | null {
  const ranges = findings.map(({ range }) => range);
  if (ranges.includes(null)) return null;
  const sorted = ranges.filter((range) => range !== null).sort(([a], [b]) => a - b);
  const parts: string[] = [];
  let at = 0;
  for (const [start, end] of sorted) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    parts.push(text.slice(at, from), text.slice(from, end).replace(/[A-Za-z0-9]/g, '*'));
    at = end;
  }
  return parts.join('') + text.slice(at);
}

/** Characters to each side of what was found. */
const CONTEXT = 60;

/** What stands around the first finding, with all of them overwritten; null where it shows only after decoding. */
export function contextOf(text: string, findings: readonly Finding[]): string | null {
  const [range] = findings.map((finding) => finding.range);
  const shown = redact(text, findings);
  if (shown === null || range == null) return null;
  return shown.slice(Math.max(0, range[0] - CONTEXT), range[1] + CONTEXT).slice(0, 4 * CONTEXT);
}
