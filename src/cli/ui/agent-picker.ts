import type { AgentSummary } from '../../controller/api.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { runningOf } from '../pick-agent.ts';
import { cells, type Line, span } from './line.ts';
import { windowAround } from './selection.ts';
import type { Modal, ViewerState } from './viewer-state.ts';

type Picker = Extract<Modal, { kind: 'pick-agent' }>;

const ROWS = 12;

/** Agents that the filter lets through. */
function matching({ agents, filter }: Picker): readonly AgentSummary[] {
  const wanted = filter.toLowerCase();
  return (agents ?? []).filter(({ name, description }) =>
    `${name} ${description ?? ''}`.toLowerCase().includes(wanted),
  );
}

/** The agent under the cursor, or null when none matches. */
export function pickedAgent(picker: Picker): string | null {
  return matching(picker)[picker.index]?.name ?? null;
}

/** Moves the cursor; the filter's text is not touched (D11). */
export function movedPicker(picker: Picker, by: number): Picker {
  const last = Math.max(0, matching(picker).length - 1);
  return { ...picker, index: Math.max(0, Math.min(last, picker.index + by)) };
}

/** Esc clears the filter first and leaves then. */
export function cancelledPicker(picker: Picker): Picker | null {
  return picker.filter === '' ? null : { ...picker, filter: '', index: 0 };
}

export function pickerLines(picker: Picker, state: ViewerState): readonly Line[] {
  const agents = matching(picker);
  const { start, end } = windowAround(agents.length, picker.index, ROWS);
  const rows = agents.slice(start, end).map((agent, offset): Line => {
    const running = runningOf(agent.name, state.status?.bottles ?? []);
    const text = cells([
      [sanitizeLine(agent.name), 20],
      [running, 12],
      [sanitizeLine(agent.description ?? ''), 40],
    ]);
    return start + offset === picker.index ? [span(`> ${text}`, 'selected')] : [span(`  ${text}`)];
  });
  const empty = picker.agents === null ? 'fetching…' : 'no agent matches';
  return [
    [span('Start an instance of which agent?', 'strong'), span(`  ${agents.length} agents`, 'dim')],
    [span('filter: '), span(`${sanitizeLine(picker.filter)}▏`, 'strong')],
    [],
    ...(rows.length === 0 ? [[span(`  ${empty}`, 'dim')]] : rows),
  ];
}
