import { expect, test } from 'vitest';
import type { Plan } from '../../src/model/action.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import { bottleName } from '../builders/observed.ts';

const ESCAPE = '\u001b';

const PLAN: Plan = {
  bottles: [
    {
      bottle: bottleName('dev'),
      backend: 'docker',
      verdict: 'update',
      impact: 'reload',
      changes: [
        {
          operation: {
            op: 'add',
            path: '/egress/routes/api.example.test',
            value: { host: `${ESCAPE}[2Japi`, matches: [], auth: null },
          },
          impact: 'reload',
        },
        {
          operation: { op: 'replace', path: '/env/TOKEN/value', value: 'do-not-print' },
          impact: 'replace-agent',
        },
        {
          operation: { op: 'add', path: '/env', value: { TOKEN: 'do-not-print' } },
          impact: 'replace-agent',
        },
        { operation: { op: 'remove', path: '/secrets/api' }, impact: 'reload' },
      ],
      pending: null,
      drifted: false,
    },
  ],
  actions: [
    {
      id: 1,
      bottle: bottleName('dev'),
      backend: 'docker',
      action: { kind: 'prove-isolation' },
      reason: `route ${ESCAPE}[31mapi was added`,
      dependsOn: [],
    },
  ],
  refused: { reason: 'too much', hint: 'think again' },
};

test('texts from outside are made harmless and values stay out', () => {
  const text = formatPlan(PLAN);
  expect(text).not.toContain(ESCAPE);
  expect(text).not.toContain('do-not-print');
  expect(text).toMatchInlineSnapshot(`
    "refused: too much
      think again
    ~ dev on docker: update (reload)
        + /egress/routes/api.example.test {"host":"\\u001b[2Japi"}
        ~ /env/TOKEN
        + /env
        - /secrets/api
      #1 prove isolation: route \\x1b[31mapi was added
    1 update; 1 action"
  `);
});

test('colour paints whole lines and adds nothing else', () => {
  const colored = formatPlan(PLAN, { color: true });
  expect(colored).toContain(`${ESCAPE}[32m    + /egress/routes/api.example.test`);
  const bare = colored.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '');
  expect(bare).toBe(formatPlan(PLAN));
});

test('nothing to do is one line', () => {
  expect(formatPlan({ bottles: [], actions: [], refused: null })).toBe('no bottles; 0 actions');
});
