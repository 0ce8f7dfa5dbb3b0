import { expect, test } from 'vitest';
import type { ProposalView } from '../../src/controller/api.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { AGENT, askAgain, proposeImage, WITH_TOOL } from './image-proposal.ts';
import { scenario } from './scenario.ts';

const place = await embeddedUnderTest();

if (place.kind === 'none') test.skip(`scenarios of images without an engine: ${place.reason}`);
else {
  scenario(
    'R28: an image must be refused where none can be built, before anything is touched, and the agent be told',
    { engine: null, isEmbedded: true, timeoutMs: 90_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.controller();
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.bb('exec', 'dev', '--', 'sh', '-c', script);
      await inside('echo before > ~/work/file');
      const tip = await fleet.repository.head();

      const { id, call } = await proposeImage(fleet, WITH_TOOL);
      expect((await fleet.done('show', id)).all).toContain('embedded does not have it and cannot');
      const approved = await fleet.bb('approve', id);
      expect(approved.exitCode).not.toBe(0);
      expect(approved.all).toContain('cannot change its image');
      expect(await fleet.repository.head()).toBe(tip);
      expect((await inside('cat ~/work/file')).stdout).toContain('before');
      const [waiting] = await fleet.json<readonly ProposalView[]>('proposals');
      expect(waiting?.proposal.id).toBe(id);

      await fleet.done('reject', id, '--reason', 'this machine builds no images');
      await call;
      expect(await askAgain(fleet, id)).toMatch(/rejected[\s\S]*this machine builds no images/);
    },
  );

  scenario(
    'a commit that names a Dockerfile where none can be built must change nothing, and say what to do',
    { engine: null, isEmbedded: true, timeoutMs: 90_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.bb('exec', 'dev', '--', 'sh', '-c', script);
      await inside('echo before > ~/work/file');
      await fleet.repository.commit({
        'desired-state/images/dev.Dockerfile': WITH_TOOL,
        'desired-state/agents/dev.yaml': AGENT.replace(
          '{name: dev}',
          '{name: dev, image: {dockerfile: images/dev.Dockerfile}}',
        ),
      });
      expect((await fleet.bb('plan')).all).toContain('cannot build one, so this will fail');
      const ended = await fleet.bb('reconcile');
      expect(ended.exitCode).not.toBe(0);
      expect(ended.all).toContain('which the embedded backend cannot do');
      expect(ended.all).toContain('backend: docker');
      expect((await inside('cat ~/work/file')).stdout).toContain('before');
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.done('reconcile');
      expect((await inside('cat ~/work/file')).stdout).toContain('before');
    },
  );
}
