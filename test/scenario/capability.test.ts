import { expect, test } from 'vitest';
import type { ProposalView } from '../../src/controller/api.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { onEngine } from './engine.ts';
import { AGENT, askAgain, BROKEN, proposeImage, WITH_TOOL } from './image-proposal.ts';
import { scenario } from './scenario.ts';

const embedded = await embeddedUnderTest();

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

  if (embedded.kind === 'none') test.skip(`a bottle moves from the engine: ${embedded.reason}`);
  else {
    scenario(
      'a bottle that moves must take its sessions along, and stay where it is while its image cannot be made',
      { engine, timeoutMs: 180_000 },
      async (fleet) => {
        const moved = (instance: string) => ({
          'desired-state/agents/dev.yaml': AGENT.replace('{name: dev}', instance),
          'desired-state/bottles/base.yaml': 'backend: embedded\n',
        });
        const inside = (script: string) => fleet.bb('exec', 'dev', '--', 'sh', '-c', script);
        await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
        await fleet.done('reconcile');
        await inside('mkdir -p ~/.agent/today && echo said before > ~/.agent/today/1.log');
        const before = await fleet.engine.ids();

        const withImage = '{name: dev, image: {dockerfile: images/dev.Dockerfile}}';
        await fleet.repository.commit({
          ...moved(withImage),
          'desired-state/images/dev.Dockerfile': BROKEN,
        });
        expect((await fleet.bb('reconcile')).all).toContain('images/dev.Dockerfile:3');
        expect(await fleet.engine.ids()).toEqual(before);
        expect((await inside('cat ~/.agent/today/1.log')).stdout).toContain('said before');

        await fleet.repository.commit(moved('{name: dev}'));
        await fleet.done('reconcile');
        expect(await fleet.engine.ids()).toEqual({});
        expect((await inside('cat ~/.agent/today/1.log')).stdout).toContain('said before');
        await fleet.repository.commit({
          'desired-state/agents/dev.yaml': AGENT.replace('{name: dev}', ''),
        });
        await fleet.done('reconcile');
      },
    );
  }
});
