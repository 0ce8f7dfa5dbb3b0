type Line = { readonly mark: ' ' | '-' | '+'; readonly text: string };

const CONTEXT = 3;
/** Cells of the table that finds common lines; past it the differing middle is shown as replaced. */
const MAX_CELLS = 4_000_000;
const NO_NEWLINE = '\\ No newline at end of file';

/** What `git diff` shows of one file: `null` is an absent file, equal texts give an empty diff. */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  if (before === after) return '';
  const lines = compare(splitLines(before ?? ''), splitLines(after ?? ''));
  return [
    `--- ${before === null ? '/dev/null' : `a/${path}`}`,
    `+++ ${after === null ? '/dev/null' : `b/${path}`}`,
    ...hunks(lines),
    '',
  ].join('\n');
}

/** Lines with their ends, so that a missing last line feed is a difference. */
function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [
    ...before.slice(0, head).map((text): Line => ({ mark: ' ', text })),
    ...compareMiddle(
      before.slice(head, before.length - tail),
      after.slice(head, after.length - tail),
    ),
    ...before.slice(before.length - tail).map((text): Line => ({ mark: ' ', text })),
  ];
}

function compareMiddle(before: readonly string[], after: readonly string[]): readonly Line[] {
  const removed = before.map((text): Line => ({ mark: '-', text }));
  const added = after.map((text): Line => ({ mark: '+', text }));
  const width = after.length + 1;
  if ((before.length + 1) * width > MAX_CELLS) return [...removed, ...added];
  const common = commonLengths(before, after);
  const lines: Line[] = [];
  let left = 0;
  let right = 0;
  while (left < before.length && right < after.length) {
    const text = before[left];
    if (text !== undefined && text === after[right]) {
      lines.push({ mark: ' ', text });
      left += 1;
      right += 1;
    } else if (
      (common[(left + 1) * width + right] ?? 0) >= (common[left * width + right + 1] ?? 0)
    ) {
      lines.push(...removed.slice(left, left + 1));
      left += 1;
    } else {
      lines.push(...added.slice(right, right + 1));
      right += 1;
    }
  }
  return [...lines, ...removed.slice(left), ...added.slice(right)];
}

/** Table of the longest common subsequence of every pair of tails. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint32Array {
  const width = after.length + 1;
  const table = new Uint32Array((before.length + 1) * width);
  for (let left = before.length - 1; left >= 0; left -= 1) {
    for (let right = after.length - 1; right >= 0; right -= 1) {
      const cell = left * width + right;
      table[cell] =
        before[left] === after[right]
          ? (table[cell + width + 1] ?? 0) + 1
          : Math.max(table[cell + width] ?? 0, table[cell + 1] ?? 0);
    }
  }
  return table;
}

function hunks(lines: readonly Line[]): readonly string[] {
  const shown = new Set<number>();
  lines.forEach((line, index) => {
    if (line.mark === ' ') return;
    for (let near = index - CONTEXT; near <= index + CONTEXT; near += 1) shown.add(near);
  });
  const output: string[] = [];
  let before = 1;
  let after = 1;
  let hunk: Line[] = [];
  const flush = () => {
    if (hunk.length === 0) return;
    const removed = hunk.filter((line) => line.mark !== '+').length;
    const added = hunk.filter((line) => line.mark !== '-').length;
    output.push(`@@ -${range(before - removed, removed)} +${range(after - added, added)} @@`);
    for (const { mark, text } of hunk) {
      output.push(
        ...(text.endsWith('\n') ? [mark + text.slice(0, -1)] : [mark + text, NO_NEWLINE]),
      );
    }
    hunk = [];
  };
  lines.forEach((line, index) => {
    if (!shown.has(index)) flush();
    if (line.mark !== '+') before += 1;
    if (line.mark !== '-') after += 1;
    if (shown.has(index)) hunk.push(line);
  });
  flush();
  return output;
}

/** Git's way: an empty range names the line before it, and a count of one is left out. */
function range(start: number, count: number): string {
  if (count === 1) return String(start);
  return `${count === 0 ? start - 1 : start},${count}`;
}
