import type { RequestListener } from 'node:http';
import { messagesApi } from './messages-api.ts';
import { REAL_TOKEN } from './model-fleet.ts';
import type { StandInModel, Turn } from './model-story.ts';
import { responsesApi } from './responses-api.ts';

/** A real agent program, and how a model has it do things. */
export interface AgentUnderTest {
  readonly name: 'claude' | 'codex';
  readonly hosts: readonly string[];
  /** `provider:` of the agent file. */
  readonly provider: string;
  readonly header: string;
  readonly credential: string;
  api(model: StandInModel): RequestListener;
  /** Has it run a shell command. */
  runs(command: string): readonly Turn[];
  /** Has it call the supervise tool `egress-block`; the last turn is the call. */
  proposes(input: object): readonly Turn[];
  /** Lists its MCP servers, and what it says of one that works. */
  readonly lists: { readonly argv: readonly string[]; readonly says: RegExp };
}

export const CLAUDE: AgentUnderTest = {
  name: 'claude',
  hosts: ['api.anthropic.com'],
  provider: '{name: claude, auth: {scheme: Bearer, secret: model}}',
  header: 'authorization',
  credential: `Bearer ${REAL_TOKEN}`,
  api: messagesApi,
  runs: (command) => [{ kind: 'tool', name: 'Bash', input: { command, description: 'try it' } }],
  // Its own search finds tools of MCP servers, which are not told before.
  proposes: (input) => [
    {
      kind: 'tool',
      name: 'ToolSearch',
      input: { query: 'select:mcp__supervise__egress-block', max_results: 1 },
    },
    { kind: 'tool', name: 'mcp__supervise__egress-block', input },
  ],
  lists: { argv: ['claude', 'mcp', 'list'], says: /supervise: .*Connected/ },
};

/** Its model writes JavaScript, which calls the tools. */
export const CODEX: AgentUnderTest = {
  name: 'codex',
  hosts: ['api.openai.com', 'chatgpt.com'],
  provider: '{name: codex, auth: {scheme: Bearer, secret: model}}',
  header: 'authorization',
  credential: `Bearer ${REAL_TOKEN}`,
  api: responsesApi,
  runs: (command) => [script('exec_command', { cmd: command })],
  proposes: (input) => [script('mcp__supervise__egress_block', input)],
  lists: { argv: ['codex', 'mcp', 'list'], says: /supervise .*enabled/ },
};

function script(tool: string, input: object): Turn {
  const text = `text(await tools.${tool}(${JSON.stringify(input)}))`;
  return { kind: 'script', name: 'exec', text };
}
