import { execa } from 'execa';
import { eventually } from '../eventually.ts';
import { builtProgram } from './built-program.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { callTool } from './mcp-call.ts';
import { pending } from './proposing-agent.ts';

/** An agent with sessions to go on with. */
export const AGENT = [
  'provider: {command: [bash], resume: [bash], session: .agent/*/*.log}',
  'instances: [{name: dev}]',
  '',
].join('\n');

/** The image that agents have, with a tool. */
export const WITH_TOOL =
  'ARG BASE\nFROM $BASE\nRUN echo "echo the tool works" > /usr/bin/tool && chmod 755 /usr/bin/tool\n';
export const BROKEN = `ARG BASE\nFROM $BASE\nRUN for step in $(seq 60); do echo "step $step of it"; done; exit 3\n`;

/** Has the agent of `dev` propose an image, and lets it wait for the answer. */
export async function proposeImage(fleet: FleetUnderTest, dockerfile: string) {
  const known = (await pending(fleet)).length;
  const input = { dockerfile, justification: 'the task needs the tool' };
  const call = execa(
    await builtProgram(),
    ['exec', 'dev', '--', 'node', '--input-type=module', '-'],
    {
      cwd: fleet.repository.root,
      env: fleet.environment,
      extendEnv: false,
      reject: false,
      input: callTool('capability-block', input),
    },
  );
  const id = await eventually(
    'the proposal is in the queue',
    async () => (await pending(fleet))[known]?.proposal.id,
    20_000,
  );
  return { id, call };
}

/** What the agent hears when it asks for the state of its proposal. */
export async function askAgain(fleet: FleetUnderTest, id: string): Promise<string> {
  const { stdout } = await execa(
    await builtProgram(),
    ['exec', 'dev', '--', 'node', '--input-type=module', '-'],
    {
      cwd: fleet.repository.root,
      env: fleet.environment,
      extendEnv: false,
      input: callTool('proposal-status', { id }),
    },
  );
  return stdout;
}
