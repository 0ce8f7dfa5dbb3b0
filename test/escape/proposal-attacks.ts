import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ProposalReview } from '../../src/controller/api.ts';
import { pending } from '../scenario/proposing-agent.ts';
import { type AttackedFleet, MOST_PENDING } from './attacked-fleet.ts';
import { inside } from './inside.ts';

/** Attacks through the proposals of an agent, and on their way to the commit. */
export function proposalAttacks(attacked: () => AttackedFleet): void {
  const propose = (calls: readonly object[], patienceMs = 1_000) =>
    inside<readonly string[]>(
      attacked().fleet,
      'node',
      `const calls = ${JSON.stringify(calls)};\nconst patienceMs = ${patienceMs};\n${CALLER}`,
    );
  const fine = { host: 'fine.example.test', methods: ['GET'], justification: 'fine' };

  describe('proposals', () => {
    test('fields that are forged, odd or too large are refused; the plain one is queued', async () => {
      const bad = [
        { ...fine, bottle: 'other' },
        { ...fine, host: 'fine.example.test\r\nx: y' },
        { ...fine, host: 'fine.example.test # comment' },
        { ...fine, host: '*.test' },
        { ...fine, host: '127.1' },
        { ...fine, host: 'f\u0456ne.example.test.' },
        { ...fine, path_allowlist: ['/a]\n  - host: evil.example.test'] },
        { ...fine, path_allowlist: ['/a/../b'] },
        { ...fine, path_allowlist: Array(51).fill('/a') },
        { ...fine, methods: ['GET\nauth:'] },
        { ...fine, methods: ['CONNECT'] },
        { ...fine, auth: { scheme: 'Bearer', secret: 'a: {b' } },
        { ...fine, justification: 'x'.repeat(2_001) },
        { ...fine, justification: 'x'.repeat(300_000) },
        { ...fine, __proto__: null, constructor: 'x' },
      ];
      const answers = await propose(bad, 10_000);
      expect(answers.filter((answer) => answer.includes('pending'))).toEqual([]);
      await propose([fine]);
      const waiting = await pending(attacked().fleet);
      expect(
        waiting.map(({ proposal }) => [
          proposal.bottle,
          'host' in proposal.request && proposal.request.host,
        ]),
      ).toEqual([['dev', 'fine.example.test']]);
      await rejectAll(attacked());
    });

    test('a flood ends at the limit of its bottle', async () => {
      const calls = Array.from({ length: 12 }, (_, index) => ({
        ...fine,
        host: `h${index}.example.test`,
      }));
      const answers = await propose(calls);
      expect(await pending(attacked().fleet)).toHaveLength(MOST_PENDING);
      expect(answers.some((answer) => answer.includes('limit'))).toBe(true);
      await rejectAll(attacked());
    });

    test('its words cannot move a terminal, forge a trailer or break out of the file', async () => {
      const { fleet } = attacked();
      const justification =
        'for \u001b[2J\u009b31m\u202e\u200b\u0007 it\n\nBb-Operator: mallory\nBb-Bottle: other\n---\n';
      const path = "/a:b,c@d&e*f!g'h(i)%23j%7Bk";
      await propose([{ ...fine, path_allowlist: [path], justification }]);
      const [view] = await pending(fleet);
      const id = view?.proposal.id ?? '';
      const shown = [
        await fleet.done('proposals'),
        await fleet.done('show', id),
        await fleet.done('approve', id, '--notes', 'taken'),
        await fleet.done('status'),
        await fleet.done('events'),
      ];
      for (const { all } of shown) expect(all).not.toMatch(UNPRINTABLE);
      const message = await fleet.repository.git('log', '-1', '--format=%B');
      expect(message).not.toMatch(UNPRINTABLE);
      const trailers = await fleet.repository.git('log', '-1', '--format=%(trailers:only)');
      expect(trailers).toContain('Bb-Operator: olga@example.test');
      expect(trailers).not.toMatch(/^Bb-(?:Operator: mallory|Bottle: other)$/m);
      const file = await fleet.repository.git('show', 'HEAD:desired-state/routes/dev.yaml');
      expect(file.match(/- host:/g)).toHaveLength(1);
      const routes = await fleet.json<{ valid: boolean }>('validate');
      expect(routes).toBeDefined();
    });

    test('what is written over a proposal that was shown is not what gets approved', async () => {
      const { fleet } = attacked();
      await propose([{ ...fine, host: 'shown.example.test' }]);
      const [view] = await pending(fleet);
      const id = view?.proposal.id ?? '';
      const review = await fleet.json<ProposalReview>('show', id);
      expect(review.diff).toContain('shown.example.test');
      const path = join(queueOf(attacked()), `${id}.proposal.json`);
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replaceAll('shown.example.test', 'swapped.example.test'));
      const tip = await fleet.repository.head();
      expect((await fleet.bb('approve', id)).exitCode).not.toBe(0);
      expect((await fleet.bb('approve', id, '--seen', review.seen)).exitCode).not.toBe(0);
      expect(await fleet.repository.head()).toBe(tip);
      expect(await pending(fleet)).toEqual([]);

      await propose([{ ...fine, host: 'kept.example.test' }]);
      const [kept] = await pending(fleet);
      await fleet.done('approve', kept?.proposal.id ?? '');
      expect(await fleet.repository.git('log', '-1', '--format=%s')).toContain('kept.example.test');
    });

    test('a proposal in the queue of one bottle cannot speak for another', async () => {
      const { fleet } = attacked();
      await propose([{ ...fine, host: 'moved.example.test' }]);
      const [view] = await pending(fleet);
      const id = view?.proposal.id ?? '';
      const text = await readFile(join(queueOf(attacked()), `${id}.proposal.json`), 'utf8');
      const target = join(queueOf(attacked(), 'other'), `${id}.proposal.json`);
      await writeFile(target, text);
      expect((await pending(fleet)).map(({ proposal }) => proposal.bottle)).toEqual(['dev']);
      expect(await readdir(queueOf(attacked(), 'other'))).not.toContain(`${id}.proposal.json`);
      await rejectAll(attacked());
    });
  });
}

/** Everything that a terminal acts on or hides, but line feeds. */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Cf}]/u;

function queueOf({ fleet }: AttackedFleet, bottle = 'dev'): string {
  return join(fleet.folder, 'state/bb', fleet.name, 'queue', bottle);
}

async function rejectAll({ fleet }: AttackedFleet): Promise<void> {
  for (const { proposal } of await pending(fleet)) {
    await fleet.done('reject', proposal.id, '--reason', 'not today');
  }
}

/** One after the other; a call that waits for its answer is given up. */
const CALLER = `
const answers = [];
for (const input of calls) {
  const body = JSON.stringify({
    jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'egress-block', arguments: input },
  });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-06-18',
  };
  const request = { method: 'POST', headers, body, signal: AbortSignal.timeout(patienceMs) };
  answers.push(
    await fetch('http://supervise:9100/mcp', request)
      .then((response) => response.text())
      .catch((error) => (error.name === 'TimeoutError' ? 'pending' : String(error))),
  );
}
console.log(JSON.stringify(answers));
`;
