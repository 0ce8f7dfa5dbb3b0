import {
  OTHER_ENDING,
  otherEnding,
  readInstructions,
  WITHOUT_ENDING,
} from '../model/dockerfile/instructions.ts';
import { UNSEEN } from '../model/sanitize.ts';
import { LIMITS } from './limits.ts';
import { type ParsedInput, parseInput, type Report } from './tool-input.ts';

const UNSEEN_IN_CODE = new RegExp(`(?![\\n\\t])${UNSEEN.source}`, 'u');

/** Reads the arguments of `capability-block`: the whole text of a Dockerfile, which git can show as text. */
export function parseCapabilityBlock(input: unknown): ParsedInput {
  return parseInput(input, ['dockerfile'], (fields, report) => ({
    tool: 'capability-block',
    dockerfile: readDockerfile(fields['dockerfile'], report),
  }));
}

function readDockerfile(raw: unknown, report: Report): string {
  const problem = problemOf(raw);
  if (problem !== null || typeof raw !== 'string') {
    report('dockerfile', problem ?? 'must be a string');
    return '';
  }
  return `${raw.trimEnd()}\n`;
}

function problemOf(raw: unknown): string | null {
  if (raw === undefined) return 'is missing: give the whole text of the Dockerfile';
  if (typeof raw !== 'string') return 'must be a string: the whole text of the Dockerfile';
  if (Buffer.byteLength(raw) > LIMITS.dockerfileBytes) {
    return `is larger than ${LIMITS.dockerfileBytes} bytes`;
  }
  const invisible = UNSEEN_IN_CODE.exec(raw);
  if (invisible !== null) {
    const line = raw.slice(0, invisible.index).split('\n').length;
    return `holds a control or invisible character in line ${line}`;
  }
  const ending = otherEnding(readInstructions(raw));
  if (ending !== null) return `${OTHER_ENDING} (line ${ending}): ${WITHOUT_ENDING}`;
  return firstInstruction(raw) === 'FROM'
    ? null
    : 'must begin with FROM (after comments and ARG): give the whole file, not a part of it';
}

/** The first word that is neither a comment nor an `ARG`; continued lines of those are theirs. */
function firstInstruction(text: string): string | null {
  const lines = text.replaceAll(/\\[ \t]*\n/g, ' ').split('\n');
  const words = lines.map((line) => /^\s*([A-Za-z]+)(?=\s)/.exec(line)?.[1]?.toUpperCase());
  const isCode = (index: number) => !/^\s*(?:#|$)/.test(lines[index] ?? '');
  return words.find((word, index) => isCode(index) && word !== 'ARG') ?? null;
}
