import {
  createMcpHandler,
  type McpHttpHandler,
  McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { sanitizeLine } from '../model/sanitize.ts';
import { LIMITS } from './limits.ts';
import type { Tool, ToolAnswer, ToolCall } from './tools/tool.ts';

/** Limits that are in force at the time of a call. */
export type CallLimits = Pick<ToolCall, 'waitSeconds' | 'maxPendingPerBottle'>;

const INSTRUCTIONS =
  'This sandbox reaches only what its operator allowed. When a request is refused, propose the least that would do with egress-block, go on with other work while it is pending, and ask with proposal-status.';

/**
 * The MCP side, as a web-standard handler. Each request is served by itself without a session, so that neither new
 * settings nor a restart of this program ends anybody's connection. `limits` is asked at every call.
 */
export function createSuperviseHandler(
  tools: readonly Tool[],
  limits: () => CallLimits,
): McpHttpHandler {
  return createMcpHandler(() => createServer(tools, limits), {
    maxRequestBodySize: LIMITS.requestBytes,
  });
}

function createServer(tools: readonly Tool[], limits: () => CallLimits): McpServer {
  const mcp = new McpServer(
    { name: 'bb-supervise', version: '1' },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  );
  mcp.server.setRequestHandler('tools/list', () => ({
    tools: tools.map((tool) => ({
      name: tool.name,
      title: tool.title,
      description: tool.description,
      inputSchema: tool.inputSchema,
      annotations: { readOnlyHint: tool.readOnly, openWorldHint: false },
    })),
  }));
  mcp.server.setRequestHandler('tools/call', async (request, context) => {
    const { name, arguments: input } = request.params;
    const tool = tools.find((known) => known.name === name);
    return toResult(
      tool === undefined
        ? unknownTool(name, tools)
        : await callTool(tool, input ?? {}, limits(), context),
    );
  });
  return mcp;
}

async function callTool(
  tool: Tool,
  input: unknown,
  limits: CallLimits,
  context: ServerContext,
): Promise<ToolAnswer> {
  try {
    const { signal } = context.mcpReq;
    return await tool.call(input, { ...limits, signal, progress: progressOf(context) });
  } catch (error) {
    const reason = sanitizeLine(error instanceof Error ? error.message : String(error), 200);
    return failure('unavailable', `The call failed inside the supervisor: ${reason}.`);
  }
}

function unknownTool(name: string, tools: readonly Tool[]): ToolAnswer {
  const known = tools.map((tool) => tool.name).join(', ');
  return failure('invalid', `There is no tool "${sanitizeLine(name, 60)}"; there are ${known}.`);
}

function progressOf(context: ServerContext): ToolCall['progress'] {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let progress = 0;
  return (message) => {
    progress += 1;
    // A caller that is gone is noticed by the signal.
    context.mcpReq
      .notify({
        method: 'notifications/progress',
        params: { progressToken, progress, message },
      })
      .catch(() => undefined);
  };
}

function failure(status: string, message: string): ToolAnswer {
  return { isError: true, message, data: { status } };
}

function toResult({ isError, message, data }: ToolAnswer) {
  return {
    isError,
    content: [{ type: 'text' as const, text: `${message}\n${JSON.stringify(data)}` }],
    structuredContent: { ...data, message },
  };
}
