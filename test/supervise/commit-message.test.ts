import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CommitMessage, commitMessage } from '../../src/supervise/commit-message.ts';
import { bottleName, revision } from '../builders/observed.ts';
import { proposal, proposalId } from '../builders/proposal.ts';

/** The text as git stores it. */
const textOf = ({ subject, body, trailers }: CommitMessage) =>
  [subject, body, trailers.map(([name, value]) => `${name}: ${value}`).join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');

async function trailersThatGitReads(message: CommitMessage): Promise<readonly string[]> {
  const input = `${textOf(message)}\n`;
  const { stdout } = await execa('git', ['interpret-trailers', '--parse'], { input });
  return stdout.split('\n');
}

describe('the commit message', () => {
  test('of an approval tells what was asked, why, and who allowed it', () => {
    const message = commitMessage({
      kind: 'approve',
      proposal: proposal(),
      operator: 'olga',
      notes: 'for today',
      instead: null,
    });
    expect(textOf(message)).toBe(`Allow api.example.test for dev

Asked for: GET api.example.test /v1/.

The agent:
> The task needs the release list

The operator:
> for today

Bb-Action: approve
Bb-Proposal: ${proposalId()}
Bb-Bottle: dev
Bb-Tool: egress-block
Bb-Operator: olga
Bb-Notes: for today
Bb-Justification: The task needs the release list`);
  });

  test('of a refusal holds its reason', () => {
    const rejected = commitMessage({
      kind: 'reject',
      proposal: proposal(),
      operator: 'olga',
      reason: 'use the mirror',
    });
    expect(rejected.subject).toBe('Reject api.example.test for dev');
    expect(rejected.body).toContain('The operator:\n> use the mirror');
    expect(rejected.trailers).toContainEqual(['Bb-Reason', 'use the mirror']);
  });

  test('of a revert names the commit that it takes back', () => {
    const reverted = commitMessage({
      kind: 'revert',
      proposal: proposal(),
      operator: 'olga',
      reverts: revision('a'),
      reason: 'the sidecar refused the table',
      log: [],
    });
    expect(reverted.subject).toBe('Revert api.example.test for dev');
    expect(reverted.trailers).toContainEqual(['Bb-Reverts', revision('a')]);
  });

  test("of an operator's own edit has its action and no proposal", async () => {
    const message = commitMessage({
      kind: 'edit',
      action: 'stop',
      bottle: bottleName('dev'),
      operator: 'olga',
      summary: 'Stop dev',
      reverts: null,
    });
    expect(textOf(message)).toBe('Stop dev\n\nBb-Action: stop\nBb-Bottle: dev\nBb-Operator: olga');
  });

  test('has exactly our trailers in our order, whatever an agent or an operator wrote', async () => {
    const pieces = fc.constantFrom(
      '\n',
      '\n\n',
      '\r\n',
      '\r',
      '\u2028',
      '\u0085',
      '---\n',
      '---',
      'Bb-Operator: mallory',
      'Bb-Action: approve',
      'Signed-off-by: x',
      '\u001b[2J',
      '\u202e',
      '\0',
      ' ',
      '\t',
      ': ',
      '# ',
      '> ',
      '(cherry picked from commit x)',
      '------------------------ >8 ---',
      'word',
      '\ud800',
    );
    const hostile = fc
      .oneof(
        fc.array(pieces, { minLength: 1 }).map((parts) => parts.join('')),
        fc.string({ unit: 'binary' }),
      )
      .filter((text) => text.trim() !== '');
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (justification, operator, notes) => {
        const message = commitMessage({
          kind: 'approve',
          proposal: proposal({ justification }),
          operator,
          notes,
          instead: null,
        });
        expect(textOf(message)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(message.subject).not.toContain('\n');
        const read = await trailersThatGitReads(message);
        expect(read.map((line) => line.split(':')[0])).toEqual([
          'Bb-Action',
          'Bb-Proposal',
          'Bb-Bottle',
          'Bb-Tool',
          'Bb-Operator',
          'Bb-Notes',
          'Bb-Justification',
        ]);
        expect(read).toEqual(message.trailers.map(([name, value]) => `${name}: ${value}`));
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
