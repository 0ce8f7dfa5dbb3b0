import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { proposalReview } from '../builders/status.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { runBb } from './run-bb.ts';

/** Words that bash offers for a line that ends where the cursor is; `bb __names` answers `live`. */
function completeInBash(script: string, words: readonly string[], live: string): string[] {
  const program = `
bb() { [[ "$1" == __names ]] && printf '%s' "$LIVE"; }
${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_bb
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, status, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LIVE: live },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

test.for([
  [['bb', 'pl'], '', ['plan']],
  [['bb', 'stop', 're'], 'researcher\nnightly', ['researcher']],
  [['bb', '--repo', 'plan', 'sta'], '', ['status', 'start']],
  [['bb', 'list', 'av'], '', ['available']],
  [['bb', 'plan', '--js'], '', ['--json']],
] as const)('bash completes %j', async ([words, live, expected]) => {
  const { stdout: script } = await runBb(['completion', 'bash']);
  expect(completeInBash(script, words, live)).toEqual(expected);
});

test.for(['zsh', 'fish'])('%s gets a script that asks for live names', async (shell) => {
  const { stdout, exitCode } = await runBb(['completion', shell]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('bb __names bottle');
});

test.for([
  ['bottle', 'dev\n'],
  ['agent', 'researcher\n'],
  ['proposal', '01K00000000000000000000001\n'],
] as const)('names of kind %s are those that exist', async ([kind, expected]) => {
  const api = new FakeControllerApi();
  api.setBottles('dev');
  api.agentList = [{ name: 'researcher', description: null, provider: null }];
  api.propose(proposalReview({ index: 1 }));
  expect(await runBb(['__names', kind], { api })).toMatchObject({ stdout: expected, exitCode: 0 });
});

test('completion is silent when no controller can be had', async () => {
  const openController = async () => {
    throw new Error('no repository');
  };
  expect(await runBb(['__names', 'bottle'], { openController })).toMatchObject({
    stdout: '',
    stderr: '',
  });
});
