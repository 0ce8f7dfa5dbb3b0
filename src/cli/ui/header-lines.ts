import { sanitizeLine } from '../../model/sanitize.ts';
import { shortRevision } from '../age.ts';
import { counted } from '../counted.ts';
import { banners } from '../format-status.ts';
import { type Line, span } from './line.ts';
import type { ViewerState } from './viewer-state.ts';

/** Counts and revision, then what must not be overlooked; at most a third of the screen. */
export function headerLines(state: ViewerState): readonly Line[] {
  return allHeaderLines(state).slice(0, Math.floor(state.size.rows / 3));
}

function allHeaderLines(state: ViewerState): readonly Line[] {
  const { status, connectionProblem } = state;
  if (status === null) {
    return [[span('bb', 'strong'), span(`  ${connectionProblem ?? 'asking the controller…'}`)]];
  }
  const pending = state.proposals?.length ?? 0;
  const controller =
    status.controllerPid === null ? 'no controller runs' : `controller ${status.controllerPid}`;
  const facts = [
    counted(status.bottles.length, 'bottle'),
    counted(pending, 'proposal'),
    `${sanitizeLine(status.branch)}@${shortRevision(status.revision)}`,
    `applied ${shortRevision(status.lastAppliedRevision)}`,
    controller,
  ];
  return [
    [span(`bb ${status.fleet ?? '?'}`, 'strong'), span(`  ${facts.join(' · ')}`)],
    ...(connectionProblem === null
      ? []
      : [[span(`NOT LIVE: ${sanitizeLine(connectionProblem)}`, 'bad')]]),
    ...banners(status).map((banner): Line => [span(banner, 'attention')]),
    ...status.backends
      .filter(({ available }) => !available)
      .map(
        ({ name, detail }): Line => [
          span(`${sanitizeLine(name)} not available: ${sanitizeLine(detail)}`, 'bad'),
        ],
      ),
  ];
}
