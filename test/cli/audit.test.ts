import { expect, onTestFinished, test } from 'vitest';
import { gitRepository } from '../builders/repository.ts';
import { runBb } from './run-bb.ts';

const DECISION = `Allow api.example.test for dev

Asked for: GET api.example.test.

Bb-Action: approve
Bb-Proposal: 01J00000000000000000000001
Bb-Bottle: dev
Bb-Tool: egress-block
Bb-Operator: olga@desk
Bb-Justification: escape \u001b[31mme`;

async function repository() {
  const made = await gitRepository({ files: { 'desired-state/fleet.yaml': 'name: home\n' } });
  onTestFinished(() => made[Symbol.asyncDispose]());
  await made.commit({ 'desired-state/routes/dev.yaml': 'routes: [{host: a.test}]\n' }, DECISION);
  return made;
}

const audit = ({ root }: { readonly root: string }, ...argv: readonly string[]) =>
  runBb(['audit', '--repo', root, ...argv], { environment: { HOME: root } });

test('bb audit shows a row for each decision, newest first, and needs no controller', async () => {
  const { exitCode, stdout, stderr } = await audit(await repository());
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout.split('\n').map((line) => line.replace(/^\S+ +[0-9a-f]{8} +/, ''))).toEqual([
    'WHEN                  COMMIT    ACTION   BOTTLE  OPERATOR                           IN FORCE  WHAT',
    'approve  dev     olga@desk                          -         Allow api.example.test for dev',
    'commit   -       Olga Operator <olga@example.test>  -         Describe the fleet',
    '',
  ]);
});

test('bb audit <proposal> shows all about one decision, and nothing that a terminal obeys', async () => {
  const { stdout } = await audit(await repository(), '01J00000000000000000000001');
  expect(stdout).toContain('agent said  escape \\x1b[31mme');
  expect(stdout).toContain('+routes: [{host: a.test}]');
  expect(stdout).not.toContain('\u001b');
});

test('--json is the list, also of nothing; --limit keeps the newest', async () => {
  const made = await repository();
  const { stdout } = await audit(made, '--json', '--limit', '1');
  expect(JSON.parse(stdout)).toMatchObject([{ action: 'approve', operator: 'olga@desk' }]);
  expect(JSON.parse((await audit(made, '--json', '--bottle', 'qa')).stdout)).toEqual([]);
});

test.for([
  [['--since', '2026']],
  [['--since', 'yesterday']],
  [['--limit', '0']],
  [['01J00000000000000000000009']],
] as const)('bb audit %j is bad usage', async ([argv]) => {
  const { exitCode, stdout } = await audit(await repository(), ...argv);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
});

test.for([
  ['2d', 2],
  ['2999-01-01', 0],
  ['1999-01-01', 2],
  ['1999-01-01T10:00:00Z', 2],
] as const)('--since %s keeps %d', async ([since, count]) => {
  const { stdout } = await audit(await repository(), '--json', '--since', since);
  expect(JSON.parse(stdout)).toHaveLength(count);
});

test('a mistyped bb audit verify is told from a decision that is not there', async () => {
  const made = await repository();
  expect((await audit(made, 'verfy')).stderr).toContain('did you mean "bb audit verify"?');
  expect((await audit(made, 'deadbeef')).stderr).toContain('that bb audit shows');
  expect((await audit(made, 'verify')).stdout).toContain('history');
});
