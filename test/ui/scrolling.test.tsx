import { expect, test } from 'vitest';
import { displayWidth } from '../../src/cli/display-width.ts';
import { reduce } from '../../src/cli/ui/reduce.ts';
import { screenView } from '../../src/cli/ui/view-model.ts';
import type { ViewerEvent } from '../../src/cli/ui/viewer-event.ts';
import { initialState, type Size, type ViewerState } from '../../src/cli/ui/viewer-state.ts';
import { bottleStatus, fleetStatus, proposalReview } from '../builders/status.ts';

const NOW = Date.parse('2026-11-01T11:00:00Z');

function crowded(size: Size): ViewerState {
  const bottles = Array.from({ length: 1000 }, (_, index) =>
    bottleStatus({ name: `bottle-${index}`, label: `日本語 ${index}` }),
  );
  const proposals = Array.from({ length: 500 }, (_, index) =>
    proposalReview({ index: index + 1, host: `host-${index}.example.test` }),
  );
  return after(initialState(size, NOW), [
    { kind: 'status', status: fleetStatus({ bottles, notEnforced: ['a', 'b'] }), nowMs: NOW },
    { kind: 'proposals', proposals },
  ]);
}

function after(state: ViewerState, events: readonly ViewerEvent[]): ViewerState {
  return events.reduce((before, event) => reduce(before, event).state, state);
}

function linesOf(state: ViewerState): readonly string[] {
  const { header, body, status, footer } = screenView(state);
  return [...header, ...body, status, footer].map((line) => line.map(({ text }) => text).join(''));
}

test.for([
  { columns: 80, rows: 24 },
  { columns: 200, rows: 60 },
  { columns: 40, rows: 10 },
  { columns: 12, rows: 3 },
])('every line fits %j', (size) => {
  const intents = ['last', 'switch-pane', 'last', 'help', 'cancel', 'open'] as const;
  const states = intents.map((_intent, count) =>
    after(
      crowded(size),
      intents.slice(0, count + 1).map((intent): ViewerEvent => ({ kind: 'intent', intent })),
    ),
  );
  for (const state of states) {
    const lines = linesOf(state);
    expect(lines.length).toBeLessThan(size.rows + 1);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(size.columns);
  }
});

test('the smallest terminal shows the selected proposal and the selected bottle', () => {
  for (const intents of [[], ['switch-pane'], ['last', 'switch-pane', 'last']] as const) {
    const events = intents.map((intent): ViewerEvent => ({ kind: 'intent', intent }));
    const state = after(crowded({ columns: 40, rows: 10 }), events);
    const lines = linesOf(state);
    expect(lines.filter((line) => line.startsWith('>'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('·'))).toHaveLength(1);
  }
});

test('D12: the selected row is on the screen wherever the selection goes', () => {
  let state = crowded({ columns: 80, rows: 24 });
  const steps = ['last', 'page-up', 'previous', 'first', 'page-down', 'next', 'page-down'] as const;
  for (const intent of steps) {
    state = after(state, [{ kind: 'intent', intent }]);
    const selected = linesOf(state).filter((line) => line.startsWith('> '));
    expect(selected).toHaveLength(1);
    expect(selected[0]).toContain(`${state.cursors.agents.id} `);
  }
});

test('only the rows that fit are drawn, and the title says which', () => {
  const lines = linesOf(crowded({ columns: 80, rows: 24 }));
  expect(lines.filter((line) => line.includes('bottle-')).length).toBeLessThan(20);
  expect(lines.join('\n')).toMatch(/Agents \(1000, 1–\d+ shown\)/);
});

test('the selection stays with its row when rows come before it', () => {
  const size = { columns: 80, rows: 24 };
  const status = (...names: string[]): ViewerEvent => ({
    kind: 'status',
    status: fleetStatus({ bottles: names.map((name) => bottleStatus({ name })) }),
    nowMs: NOW,
  });
  const state = after(initialState(size, NOW), [
    status('b', 'c'),
    { kind: 'intent', intent: 'next' },
    status('a', 'b', 'c'),
  ]);
  expect(linesOf(state).find((line) => line.startsWith('> '))).toMatch(/^> c /);
});

test('each pane keeps its own selection', () => {
  const state = after(crowded({ columns: 80, rows: 24 }), [
    { kind: 'intent', intent: 'next' },
    { kind: 'intent', intent: 'switch-pane' },
    { kind: 'intent', intent: 'next' },
    { kind: 'intent', intent: 'next' },
    { kind: 'intent', intent: 'switch-pane' },
  ]);
  expect(state.cursors.agents.id).toBe('bottle-1');
  expect(state.cursors.proposals.index).toBe(2);
});

test('a question is never cut off, however much it would add', () => {
  const review = {
    ...proposalReview(),
    effective: Array.from({ length: 100 }, (_, index) => `adds ${index}`),
  };
  const state: ViewerState = {
    ...crowded({ columns: 80, rows: 24 }),
    modal: { kind: 'approve', review, instead: null },
  };
  const lines = linesOf(state);
  expect(lines).toContain('approve? [y/N]');
  expect(lines.join('\n')).toMatch(/… \d+ more lines/);
});
