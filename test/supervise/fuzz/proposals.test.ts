import { expect, test } from 'vitest';
import { parseBottleName, parseProposalId } from '../../../src/model/names.ts';
import type { ProposalRequest } from '../../../src/model/proposal.ts';
import { createSuperviseHandler } from '../../../src/supervise/mcp-server.ts';
import {
  formatQueueFile,
  parseProposalFile,
  parseResponseFile,
} from '../../../src/supervise/proposal-file.ts';
import { parseRequestFields, requestFields } from '../../../src/supervise/request-fields.ts';
import type { Tool } from '../../../src/supervise/tools/tool.ts';
import { FUZZ_TIMEOUT_MS, fuzz, fuzzAsync } from '../../sidecars/egress/fuzz/mutation.ts';

const WORDS = [
  ...['"', '\\', '{', '}', '[', ']', ',', 'null', 'true', '-1', '1e999', '"__proto__":', '[[[['],
  ...['\\u0000', '\\u001b[2J', '\\u202e', '\\ud800', '\\r\\nTrailer: x', '../', '*.', '127.0.0.1'],
  ...['"jsonrpc":', '"id":', '"params":', '"method":', '\xff'],
];
const TOOLS = ['egress-block', 'pipelock-block', 'capability-block', 'egress-token-allow'] as const;
/** All that a text of one line may not have. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

const id = parseProposalId('01JZZZZZZZZZZZZZZZZZZZZZZZ');
const bottle = parseBottleName('dev');
if (id === undefined || bottle === undefined) throw new Error('these are names');

test('a file of the queue is refused, or is what bb itself would have written', () => {
  const taken = new Set<string>();
  fuzz('proposal-file', WORDS, (input) => {
    const text = input.toString('latin1');
    const proposal = parseProposalFile(text, { id, bottle });
    if (proposal.ok) {
      taken.add(proposal.value.request.tool);
      expect(parseProposalFile(formatQueueFile(proposal.value), { id, bottle })).toEqual(proposal);
    } else expect(proposal.reason).not.toMatch(UNPRINTABLE);
    const response = parseResponseFile(text, id);
    if (!response.ok) return;
    taken.add('response');
    expect(parseResponseFile(formatQueueFile(response.value), id)).toEqual(response);
  });
  expect(taken.size).toBeGreaterThan(3);
});

test('the arguments of a tool are refused in words that can be shown, or have one form', () => {
  const taken = new Set<string>();
  fuzz('tool-arguments', WORDS, (input) => {
    const given = jsonOf(input.toString('latin1'));
    for (const tool of TOOLS) {
      const parsed = parseRequestFields(tool, given);
      if (!parsed.ok) {
        const said = parsed.problems.map(({ field, problem }) => `${field} ${problem}`).join();
        expect(said).not.toMatch(UNPRINTABLE);
        continue;
      }
      taken.add(tool);
      const { request, justification } = parsed;
      expect(justification.isWellFormed()).toBe(true);
      expect(hostOf(request)).toMatch(/^[a-z0-9.-]*$/);
      const again = parseRequestFields(tool, { ...requestFields(request), justification });
      expect(again).toEqual(parsed);
    }
  });
  expect(taken.size).toBeGreaterThan(2);
});

test(
  'whatever is posted to the supervisor is answered, and no tool is called but with an object',
  async () => {
    const given: unknown[] = [];
    const handler = createSuperviseHandler([echo(given)], () => ({
      waitSeconds: 1,
      maxPendingPerBottle: 1,
    }));
    await fuzzAsync('mcp-request', WORDS, async (input) => {
      const response = await handler.fetch(
        new Request('http://supervise:9100/mcp', {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
          },
          body: new Uint8Array(input),
        }),
      );
      expect(response.status).toBeLessThan(500);
      await response.text();
    });
    expect(given.length).toBeGreaterThan(0);
    for (const each of given) expect(typeof each === 'object' && each !== null).toBe(true);
  },
  FUZZ_TIMEOUT_MS,
);

function echo(given: unknown[]): Tool {
  return {
    ...{ name: 'echo', title: 'Echo', description: 'Says it back.', readOnly: true },
    inputSchema: { type: 'object', properties: {} },
    async call(input) {
      given.push(input);
      return { isError: false, message: 'said', data: {} };
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hostOf(request: ProposalRequest): string {
  return 'host' in request ? request.host : '';
}
