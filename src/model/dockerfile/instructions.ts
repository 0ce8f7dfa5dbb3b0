/** One instruction of a Dockerfile, its lines joined. */
export interface Instruction {
  /** Line that it begins in, from 1. */
  readonly line: number;
  /** In capitals: `RUN`. */
  readonly name: string;
  readonly rest: string;
}

/** Said where bb adds instructions of its own, whose lines go on with backslashes. */
export const OTHER_ENDING =
  'has an `# escape=` directive, which changes how lines go on, also those that bb adds at the end';
export const WITHOUT_ENDING = 'remove the directive and end lines that go on with a backslash';

/** Line of the directive that makes another character than the backslash end lines that go on; null = none does. */
export function otherEnding({ ending }: Instructions): number | null {
  return ending === null || ending.character === '\\' ? null : ending.line;
}

/** A Dockerfile without its comments and its ends of lines that go on. */
export interface Instructions {
  /** What the `# escape=` directive names; null when there is none. */
  readonly ending: { readonly line: number; readonly character: string } | null;
  readonly instructions: readonly Instruction[];
}

/** Reads the text as the builder of an engine does: comments and empty lines may stand within an instruction. */
export function readInstructions(text: string): Instructions {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const ending = escapeDirective(lines);
  const goesOn = ending?.character === '`' ? /`[ \t]*$/ : /\\[ \t]*$/;
  const instructions: Instruction[] = [];
  let open: { readonly line: number; readonly parts: string[] } | null = null;
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    open ??= { line: index + 1, parts: [] };
    open.parts.push(line.replace(goesOn, ''));
    if (goesOn.test(line)) continue;
    instructions.push(instructionOf(open));
    open = null;
  }
  if (open !== null) instructions.push(instructionOf(open));
  return { ending, instructions };
}

function instructionOf(open: { readonly line: number; readonly parts: readonly string[] }) {
  const [, name = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/.exec(open.parts.join('')) ?? [];
  return { line: open.line, name: name.toUpperCase(), rest: rest.trim() };
}

/** Directives stand before everything else, one a line. */
function escapeDirective(lines: readonly string[]): Instructions['ending'] {
  for (const [index, line] of lines.entries()) {
    const [, name = '', value = ''] = /^#\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (name === '') return null;
    if (name.toLowerCase() === 'escape') return { line: index + 1, character: value };
  }
  return null;
}
