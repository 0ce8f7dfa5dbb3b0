import { execa } from 'execa';
import { expect } from 'vitest';
import type { ProposalView } from '../../src/controller/api.ts';
import { eventually } from '../eventually.ts';
import { builtProgram } from './built-program.ts';
import { onEngine } from './engine.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { callTool } from './mcp-call.ts';
import { pending } from './proposing-agent.ts';
import { scenario } from './scenario.ts';

const AGENT = [
  'provider: {command: [bash], resume: [bash], session: .agent/*/*.log}',
  'instances: [{name: dev}]',
  '',
].join('\n');

/** The image that agents have, with a tool. */
const WITH_TOOL =
  'ARG BASE\nFROM $BASE\nRUN echo "echo the tool works" > /usr/bin/tool && chmod 755 /usr/bin/tool\n';
const BROKEN = `ARG BASE\nFROM $BASE\nRUN for step in $(seq 60); do echo "step $step of it"; done; exit 3\n`;

/** Has the agent of `dev` propose an image, and lets it wait for the answer. */
async function proposeImage(fleet: FleetUnderTest, dockerfile: string) {
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

async function askAgain(fleet: FleetUnderTest, id: string): Promise<string> {
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

await onEngine('capability', (engine) => {
  scenario(
    'an approved image must be built, the agent replaced, its transcript kept, and the agent answered',
    { engine, timeoutMs: 180_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.controller();
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.done('exec', 'dev', '--', 'sh', '-c', script);
      await inside('mkdir -p ~/.agent/today && echo said before > ~/.agent/today/1.log');
      expect((await fleet.bb('exec', 'dev', '--', 'sh', '-c', 'tool')).exitCode).toBe(127);
      const before = await fleet.engine.ids();

      const { id, call } = await proposeImage(fleet, WITH_TOOL);
      await fleet.done('approve', id, '--notes', 'only this tool');
      await call;

      expect((await inside('tool')).stdout).toContain('the tool works');
      expect((await inside('cat ~/.agent/today/1.log')).stdout).toContain('said before');
      expect(await askAgain(fleet, id)).toMatch(/approved[\s\S]*only this tool/);
      const after = await fleet.engine.ids();
      expect({ ...after, dev: '' }).toEqual({ ...before, dev: '' });
      expect(after['dev']).not.toBe(before['dev']);
      const image = await fleet.repository.git('show', 'HEAD:desired-state/images/dev.Dockerfile');
      expect(`${image}\n`).toBe(WITH_TOOL);
      expect((await fleet.done('plan')).stdout).toContain('0 actions');
      expect((await inside('id -u; pwd; git config user.name; echo $HOME')).stdout).toContain(
        '1000',
      );
    },
  );

  scenario(
    'an image that cannot be built must be taken back with the end of its log, the bottle run on, the proposal wait',
    { engine, timeoutMs: 180_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.controller();
      await fleet.done('reconcile');
      const before = await fleet.engine.ids();
      const tip = await fleet.repository.head();
      const { id } = await proposeImage(fleet, BROKEN);
      const ended = await fleet.bb('approve', id);
      expect(ended.exitCode).toBe(1);
      expect(await fleet.repository.git('diff', tip, 'HEAD')).toBe('');
      const told = await fleet.repository.git('log', '-1', '--format=%B');
      expect(told).toContain('step 60 of it');
      expect(told).not.toContain('step 15 of it');
      expect(await fleet.engine.ids()).toEqual(before);
      expect((await fleet.engine.container('dev').inspect()).State.Running).toBe(true);
      const [waiting] = await fleet.json<readonly ProposalView[]>('proposals');
      expect(waiting?.proposal.id).toBe(id);
      await fleet.done('reject', id, '--reason', 'it does not build');
    },
  );
});
