import type { ProposalReview } from '../../controller/api.ts';
import { assertNever } from '../../model/assert-never.ts';
import type { EditPreview } from '../../model/fleet-edit.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { formatPreflight } from '../../reconcilers/format-preflight.ts';
import { counted } from '../counted.ts';
import { wrapText } from '../wrap-text.ts';
import { pickerLines } from './agent-picker.ts';
import { KEYMAP, type Mode } from './keymap.ts';
import { type Line, span, type Tone } from './line.ts';
import type { Modal, ViewerState } from './viewer-state.ts';

/** Modes of questions: their keys are in the footer while they are asked. */
const ASKING: ReadonlySet<Mode> = new Set(['confirm', 'preflight', 'text', 'pick', 'help']);

/** A question, in place of the panes until it is answered. */
export function modalLines(modal: Modal, state: ViewerState): readonly Line[] {
  const { columns } = state.size;
  switch (modal.kind) {
    case 'help':
      return helpLines();
    case 'pick-agent':
      return pickerLines(modal, state);
    case 'start':
      return modal.preview === null
        ? [[span(`computing what starting ${sanitizeLine(modal.agent)} means…`, 'dim')]]
        : startLines(modal.preview, columns);
    case 'approve-all':
      return approveAllLines(modal.reviews, columns);
    case 'apply':
      return [
        ...wrapped(`Apply the withheld update of ${modal.bottle}`, columns, 'strong'),
        [],
        ...wrapped(`It is a ${modal.impact}, and waits for: ${modal.waitsFor}`, columns, 'plain'),
        [],
        [span(`apply it to ${sanitizeLine(modal.bottle)} now? [y/N]`, 'strong')],
      ];
    case 'approve':
      return [
        ...wrapped(
          `Approve${modal.instead === null ? '' : ' instead'}: ${modal.review.summary}`,
          columns,
          'strong',
        ),
        ...wrapped(`for ${modal.review.proposal.bottle}, as a commit`, columns, 'plain'),
        [],
        ...modal.review.effective.flatMap((text) => wrapped(`  ${text}`, columns, 'plain')),
        ...modal.review.risks.flatMap((text) => wrapped(`! ${text}`, columns, 'attention')),
        [],
        [span('approve? [y/N]', 'strong')],
      ];
    case 'reject':
      return [
        ...wrapped(`Reject: ${modal.summary}`, columns, 'strong'),
        [],
        [span('reason: '), span(`${sanitizeLine(modal.reason)}▏`, 'strong')],
        [],
        [span('the agent is told, and the commit keeps it', 'dim')],
      ];
    case 'stop':
      return [
        ...wrapped(`Stop ${modal.bottle}`, columns, 'strong'),
        [],
        ...wrapped(
          'Removes its instance from the files, as a commit; git keeps it.',
          columns,
          'plain',
        ),
        [],
        [span(`stop ${sanitizeLine(modal.bottle)}? [y/N]`, 'strong')],
      ];
    default:
      return assertNever(modal);
  }
}

/** The same text as `bb start` shows. */
function startLines({ preflight, subject }: EditPreview, columns: number): readonly Line[] {
  const text = preflight === null ? sanitizeLine(subject) : formatPreflight(preflight);
  const [first = '', ...others] = text.split('\n');
  return [
    [span(first, 'strong')],
    ...others.flatMap((line) => wrapText(line, Math.max(20, columns))).map((line) => [span(line)]),
    [],
    [span(`start ${preflight?.bottle ?? 'it'}? [y/N]`, 'strong')],
  ];
}

function approveAllLines(reviews: readonly ProposalReview[], columns: number): readonly Line[] {
  return [
    [span(`Approve ${counted(reviews.length, 'proposal')}, each as a commit`, 'strong')],
    ...reviews.flatMap(({ summary, proposal, effective, risks }) => [
      [],
      ...wrapped(`${proposal.bottle}: ${summary}`, columns, 'strong'),
      ...effective.flatMap((text) => wrapped(`  ${text}`, columns, 'plain')),
      ...risks.flatMap((text) => wrapped(`! ${text}`, columns, 'attention')),
    ]),
    [],
    [span(`approve ${counted(reviews.length, 'proposal')}? [y/N]`, 'strong')],
  ];
}

function helpLines(): readonly Line[] {
  const bindings = KEYMAP.filter(({ modes }) => !modes.every((mode) => ASKING.has(mode)));
  return [
    [span('Keys', 'strong')],
    ...bindings.map(
      ({ keys, label, modes }): Line => [
        span(`  ${keys.map(keyWord).join(', ').padEnd(18)}`, 'strong'),
        span(`${label.padEnd(26)}`),
        span(modes.filter((mode) => !ASKING.has(mode)).join(', '), 'dim'),
      ],
    ),
    [span('  ctrl-c'.padEnd(20), 'strong'), span('leave; nothing stops')],
  ];
}

function keyWord(key: string): string {
  return key === ' ' ? 'space' : key;
}

function wrapped(text: string, columns: number, tone: Tone): readonly Line[] {
  return wrapText(sanitizeLine(text), Math.max(20, columns)).map((line) => [span(line, tone)]);
}
