import { expect, onTestFinished, test } from 'vitest';
import { gitRepository } from '../builders/repository.ts';
import { runBb } from './run-bb.ts';

const APPROVAL = `Allow api.example.test for dev

Bb-Action: approve
Bb-Proposal: 01J00000000000000000000001
Bb-Bottle: dev
Bb-Tool: egress-block
Bb-Operator: olga@desk
Bb-Justification: escape \u001b[31mme`;

async function why(...argv: readonly string[]) {
  const made = await gitRepository({
    files: {
      'desired-state/fleet.yaml': 'name: home\n',
      'desired-state/agents/dev.yaml':
        'provider:\n  command: [bash]\ninstances:\n  - {name: dev}\n',
    },
  });
  onTestFinished(() => made[Symbol.asyncDispose]());
  const routes = 'routes:\n  - host: api.example.test\n    paths: [/v1/]\n';
  const revision = await made.commit({ 'desired-state/routes/dev.yaml': routes }, APPROVAL);
  const environment = { HOME: made.root };
  const ran = await runBb(['why', '--repo', made.root, ...argv], { environment });
  return { ...ran, short: revision.slice(0, 8) };
}

test('bb why names the line, the commit, the person and the reason, and needs no controller', async () => {
  const { exitCode, stdout, stderr, short } = await why('dev', 'https://api.example.test/v1/x');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout.replace(/\d{4}-\d\d-\d\dT\S+,/, 'WHEN,').split('\n')).toEqual([
    'allowed: GET https://api.example.test/v1/x from dev',
    '  a route lets it through; no sidecar reports, so this is what the commit asks for',
    '  route api.example.test',
    '    routes/dev.yaml:2  - host: api.example.test',
    '    routes/dev.yaml:3  paths: [/v1/]',
    `      ${short} Allow api.example.test for dev`,
    '      approve by olga@desk, WHEN, proposal 01J00000000000000000000001',
    '      agent: escape \\x1b[31mme',
    '',
  ]);
});

test('a denied request is an answer, not a failure, and says what would allow it', async () => {
  const { exitCode, stdout } = await why('dev', 'paste.example.test', 'POST');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('denied: POST https://paste.example.test/ from dev');
  expect(stdout).toContain('to allow it: add paste.example.test to routes/dev.yaml');
});

test('--json is the whole answer', async () => {
  const { stdout } = await why('dev', 'api.example.test/v1/', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ isAllowed: true, lines: [{ line: 2 }, { line: 3 }] });
});

test('a bottle that does not exist is bad usage, with the nearest name', async () => {
  const { exitCode, stderr } = await why('dve', 'api.example.test');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('did you mean "dev"?');
});
