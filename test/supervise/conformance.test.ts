import { once } from 'node:events';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { CONFORMANCE_PROGRAM } from '../../scripts/conformance-program.ts';
import { installedPrograms } from '../../scripts/npm-programs.ts';
import { createMcpListener } from '../../src/supervise/mcp-listener.ts';
import { createSuperviseHandler } from '../../src/supervise/mcp-server.ts';
import type { Tool } from '../../src/supervise/tools/tool.ts';
import { temporaryFolder } from '../builders/state-directory.ts';
import { startSupervisor } from './supervisor-for-tests.ts';

const installed = installedPrograms(CONFORMANCE_PROGRAM);

/** Runs one scenario of the MCP project's own program, as a client of the server at `port`. */
async function conformance(folder: string, port: number, scenario: string) {
  // It writes its results where it runs.
  await using results = await temporaryFolder();
  const url = `http://127.0.0.1:${port}/mcp`;
  const program = join(folder, 'bin/conformance');
  const { exitCode, all } = await execa(
    process.execPath,
    [program, 'server', '--url', url, '--scenario', scenario],
    { cwd: results.path, all: true, reject: false, timeout: 60_000 },
  );
  return { exitCode, failed: all.match(/(\d+) failed/)?.[1], all };
}

/** Tools that the program's scenarios call by these names. */
const FIXTURES: readonly Tool[] = [
  tool('test_simple_text', async () => answer('This is a simple text response for testing.')),
  tool('test_error_handling', async () => {
    throw new Error('This tool intentionally returns an error for testing');
  }),
  tool('test_tool_with_progress', async (_input, { progress }) => {
    for (const message of ['one', 'two', 'three']) progress(message);
    return answer('done');
  }),
  {
    ...tool('json_schema_2020_12_tool', async () => answer('done')),
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
      additionalProperties: false,
    },
  },
];

function tool(name: string, call: Tool['call']): Tool {
  const inputSchema = { type: 'object', properties: {} } as const;
  return { name, title: name, description: name, inputSchema, readOnly: true, call };
}

function answer(message: string) {
  return { isError: false, message, data: {} };
}

async function startWithFixtures() {
  const limits = { waitSeconds: 0, maxPendingPerBottle: 1 };
  const handler = createSuperviseHandler(FIXTURES, () => limits);
  const server = createMcpListener((request) => handler.fetch(request)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const title = 'MCP’s own conformance program';
if (installed.kind === 'none') describe.skip(`${title} (${installed.reason})`);
else {
  const { folder } = installed;
  describe(`${title} finds nothing wrong`, () => {
    test.for(['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'])(
      'with the supervise program: %s',
      { timeout: 90_000 },
      async (scenario) => {
        await using bottle = await startSupervisor();
        expect(await conformance(folder, bottle.port, scenario)).toMatchObject({
          exitCode: 0,
          failed: '0',
        });
      },
    );

    test.for([
      'tools-call-simple-text',
      'tools-call-error',
      'tools-call-with-progress',
      'json-schema-2020-12',
    ])('with how the server calls and lists tools: %s', { timeout: 90_000 }, async (scenario) => {
      await using server = await startWithFixtures();
      expect(await conformance(folder, server.port, scenario)).toMatchObject({
        exitCode: 0,
        failed: '0',
      });
    });

    test('and would: a server without the tool that is asked for fails', {
      timeout: 90_000,
    }, async () => {
      await using bottle = await startSupervisor();
      const { exitCode } = await conformance(folder, bottle.port, 'tools-call-with-progress');
      expect(exitCode).toBe(1);
    });
  });
}
