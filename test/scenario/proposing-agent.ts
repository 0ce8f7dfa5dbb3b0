import { execa } from 'execa';
import type { ProposalView } from '../../src/controller/api.ts';
import { eventually } from '../eventually.ts';
import { builtProgram } from './built-program.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { MCP_CLIENT } from './mcp-call.ts';
import { API, URL_OF_API } from './upstream.ts';

/** What the agent of `agentProgram` saw. */
interface Seen {
  readonly pid: number;
  readonly before: number;
  readonly answer: string;
  readonly after: number;
}

/** An agent that is at work in the bottle: it was refused, proposed, and waits for the answer. */
export interface ProposingAgent {
  readonly id: string;
  /** What it saw when it was answered. */
  readonly seen: Promise<Seen>;
}

/** Starts an agent that asks for `path` and waits until its proposal is in the queue. */
export async function proposingAgent(
  fleet: FleetUnderTest,
  path: string,
  bottle = 'dev',
): Promise<ProposingAgent> {
  const known = new Set((await pending(fleet)).map(({ proposal }) => proposal.id));
  const agent = execa(
    await builtProgram(),
    ['exec', bottle, '--', 'node', '--input-type=module', '-'],
    {
      cwd: fleet.repository.root,
      env: fleet.environment,
      extendEnv: false,
      reject: false,
      input: agentProgram(path),
    },
  );
  const seen = agent.then(({ stdout, stderr }): Seen => {
    fleet.transcript.push('agent:', stdout, stderr);
    return JSON.parse(stdout);
  });
  seen.catch(() => undefined);
  const id = await eventually(
    'the proposal is in the queue',
    async () => (await pending(fleet)).find(({ proposal }) => !known.has(proposal.id))?.proposal.id,
    20_000,
  );
  return { id, seen };
}

export function pending(fleet: FleetUnderTest): Promise<readonly ProposalView[]> {
  return fleet.json('proposals');
}

function agentProgram(path: string): string {
  return `
    const ask = async () => (await fetch('${URL_OF_API}${path}')).status;
    ${MCP_CLIENT}
    const before = await ask();
    const input = {
      host: '${API}',
      path_allowlist: ['${path}'],
      methods: ['GET'],
      justification: 'the report is part of my task',
    };
    const answer = await callTool('egress-block', input);
    console.log(JSON.stringify({ pid: process.pid, before, answer, after: await ask() }));
  `;
}
