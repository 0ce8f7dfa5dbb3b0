import { expect, test } from 'vitest';
import type { Refusal } from '../../src/controller/api.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { runBb } from './run-bb.ts';

const EXIT_CODES: readonly (readonly [Refusal['kind'], number])[] = [
  ['invalid', 2],
  ['bad-request', 2],
  ['not-found', 2],
  ['source', 2],
  ['host-config', 2],
  ['mass-deletion', 1],
  ['locked', 1],
  ['conflict', 1],
  ['apply-failed', 1],
];

test.for(EXIT_CODES)('a refusal of kind %s exits %i with its words', async ([kind, exitCode]) => {
  const api = new FakeControllerApi();
  api.refusals.reconcile = {
    kind,
    message: `${'why it cannot be done, at some length '.repeat(4)}end`,
    hint: `${'what to do about it now '.repeat(6)}end`,
  };
  const ran = await runBb(['reconcile'], { api });
  expect(ran.exitCode).toBe(exitCode);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toMatch(/^error: why it cannot/);
  expect(ran.stderr.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(api.isDisposed).toBe(true);
});

test('diagnostics are shown with position and hint, before the error', async () => {
  const ran = await runBb(['plan'], {
    openController: async () => ({
      ok: false,
      refusal: {
        kind: 'invalid',
        message: 'the commit is not valid',
        hint: null,
        diagnostics: [
          {
            code: 'unknown-key',
            severity: 'error',
            message: 'unknown key "promt"',
            file: 'agents/researcher.yaml',
            line: 7,
            column: 12,
            hint: 'did you mean "prompt"?',
          },
        ],
      },
    }),
  });
  expect(ran.stderr).toBe(
    'agents/researcher.yaml:7:12 unknown key "promt"\n' +
      '    did you mean "prompt"?\n' +
      'error: the commit is not valid\n',
  );
});

test('an unknown bottle gets the nearest name, a known one is taken', async () => {
  const api = new FakeControllerApi();
  api.setBottles('researcher', 'nightly');
  const wrong = await runBb(['stop', 'reseracher'], { api });
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain('did you mean "researcher"?');
  expect(api.commits).toEqual([]);
  expect(await runBb(['stop', 'researcher'], { api })).toMatchObject({ exitCode: 0 });
  expect(api.commits).toEqual(['remove-instance by ann@host']);
});

test('an unexpected exception is one line, its stack only with --verbose', async () => {
  const openController = async () => {
    throw new Error('the ground is lava');
  };
  const short = await runBb(['status'], { openController });
  expect(short.exitCode).toBe(1);
  expect(short.stderr).toContain('error: the ground is lava');
  expect(short.stderr).not.toContain('    at ');
  const long = await runBb(['status', '--verbose'], { openController });
  expect(long.stderr).toContain('    at ');
});

test('text of a refusal reaches the terminal without its escape sequences (D13)', async () => {
  const api = new FakeControllerApi();
  api.refusals.status = { kind: 'conflict', message: 'evil \x1b]0;title\x07', hint: '\u202e' };
  const { stderr } = await runBb(['status'], { api });
  expect(stderr).toContain('evil \\x1b]0;title\\x07');
  expect(stderr).toContain('\\u{202e}');
  expect(stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});
