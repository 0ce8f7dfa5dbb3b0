import { assertNever } from '../../model/assert-never.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { wrapText } from '../wrap-text.ts';
import { KEYMAP } from './keymap.ts';
import { type Line, span, type Tone } from './line.ts';
import type { Modal } from './viewer-state.ts';

/** A question, in place of the panes until it is answered. */
export function modalLines(modal: Modal, columns: number): readonly Line[] {
  switch (modal.kind) {
    case 'help':
      return helpLines();
    case 'approve':
      return [
        ...wrapped(`Approve: ${modal.review.summary}`, columns, 'strong'),
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

function helpLines(): readonly Line[] {
  const bindings = KEYMAP.filter(
    ({ modes }) => !modes.includes('confirm') && !modes.includes('text'),
  );
  return [
    [span('Keys', 'strong')],
    ...bindings.map(
      ({ keys, label, modes }): Line => [
        span(`  ${keys.join(', ').padEnd(18)}`, 'strong'),
        span(`${label.padEnd(12)}`),
        span(modes.join(', '), 'dim'),
      ],
    ),
    [span('  ctrl-c'.padEnd(20), 'strong'), span('leave; nothing stops')],
  ];
}

function wrapped(text: string, columns: number, tone: Tone): readonly Line[] {
  return wrapText(sanitizeLine(text), Math.max(20, columns)).map((line) => [span(line, tone)]);
}
