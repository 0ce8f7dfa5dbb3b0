import type { Explanation } from '../controller/why.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { shortRevision } from './age.ts';
import type { Paint } from './colour.ts';

type TracedLine = Explanation['lines'][number];

/** `bb why`: the answer, then each line that it rests on, with who wrote it. */
export function formatExplanation(explanation: Explanation, paint: Paint): readonly string[] {
  const { isAllowed, method, url, bottle, reason, remedy } = explanation;
  const verdict = isAllowed ? paint('green', 'allowed') : paint('red', 'denied');
  return [
    `${verdict}: ${sanitizeLine(`${method} ${url}`, 300)} from ${bottle}`,
    `  ${sanitizeLine(reason)}${basisOf(explanation)}`,
    ...ruleLines(explanation, paint),
    ...tipLines(explanation),
    ...(remedy === null ? [] : [`  to allow it: ${sanitizeLine(remedy)}`]),
  ];
}

function basisOf({ basis, loadedAt }: Explanation): string {
  if (basis === 'desired') return '; no sidecar reports, so this is what the commit asks for';
  return loadedAt === null ? '' : `, by the table that egress loaded at ${sanitizeLine(loadedAt)}`;
}

function ruleLines({ rule, expires, lines }: Explanation, paint: Paint): readonly string[] {
  if (rule === null) return [];
  const end = expires === null ? '' : `, until ${sanitizeLine(expires)}`;
  const heading = `  ${paint('bold', sanitizeLine(rule))}${end}`;
  if (lines.length === 0) {
    const warning = 'no commit of this branch asks for this rule: bb audit verify looks into it';
    return [heading, `    ${paint('yellow', warning)}`];
  }
  return [heading, ...lines.flatMap((line, index) => tracedLines(line, lines[index + 1], paint))];
}

/** Lines of one commit stand together, above it. */
function tracedLines(line: TracedLine, next: TracedLine | undefined, paint: Paint): string[] {
  const { file, revision, action, operator, at, proposal, justification, subject } = line;
  const place = paint('cyan', sanitizeLine(`${file}:${line.line}`));
  const written = `    ${place}  ${sanitizeLine(line.text, 120)}`;
  if (next?.revision === revision) return [written];
  const asked = proposal === null ? '' : `, proposal ${proposal}`;
  return [
    written,
    `      ${shortRevision(revision)} ${sanitizeLine(subject, 72)}`,
    `      ${sanitizeLine(`${action} by ${operator}, ${at}${asked}`)}`,
    ...(justification === null ? [] : [`      agent: ${sanitizeLine(justification, 200)}`]),
  ];
}

function tipLines({ tip }: Explanation): readonly string[] {
  if (tip === null) return [];
  const says = tip.isAllowed ? 'allows' : 'denies';
  return [
    `  the tip of the branch (${shortRevision(tip.revision)}) ${says} it, and waits to be applied`,
  ];
}
