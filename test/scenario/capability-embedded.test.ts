import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProposalView } from '../../src/controller/api.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { AGENT, askAgain, BROKEN, proposeImage, WITH_TOOL } from './image-proposal.ts';
import { scenario } from './scenario.ts';

/** Builds long enough to be cut off in the middle. */
const WITH_PAUSE = WITH_TOOL.replace('RUN ', 'RUN sleep 2 && ');

/** Folders of builds that go on or were cut off. */
function buildsIn({ environment, name }: FleetUnderTest): readonly string[] {
  const images = join(environment['XDG_STATE_HOME'] ?? '', 'bb', name, 'embedded', 'images');
  return readdirSync(images).filter((one) => one.endsWith('.tmp'));
}

const place = await embeddedUnderTest();
/** An instruction that only an engine has. */
const WITH_ADD = 'ARG BASE\nFROM $BASE\nADD https://192.0.2.1/tool /usr/bin/tool\n';

if (place.kind === 'none') test.skip(`scenarios of images without an engine: ${place.reason}`);
else {
  scenario(
    'an approved image must be built without an engine, the bottle replaced, its transcript kept, the agent answered',
    { engine: null, isEmbedded: true, timeoutMs: 90_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.controller();
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.done('exec', 'dev', '--', 'sh', '-c', script);
      await inside('mkdir -p ~/.agent/today && echo said before > ~/.agent/today/1.log');
      expect((await fleet.bb('exec', 'dev', '--', 'sh', '-c', 'tool')).exitCode).toBe(127);

      const { id, call } = await proposeImage(fleet, WITH_TOOL);
      await fleet.done('approve', id, '--notes', 'only this tool');
      await call;

      expect((await inside('tool')).stdout).toContain('the tool works');
      expect((await inside('cat ~/.agent/today/1.log')).stdout).toContain('said before');
      expect(await askAgain(fleet, id)).toMatch(/approved[\s\S]*only this tool/);
      const image = await fleet.repository.git('show', 'HEAD:desired-state/images/dev.Dockerfile');
      expect(`${image}\n`).toBe(WITH_TOOL);
      expect((await fleet.done('plan')).stdout).toContain('0 actions');
      expect((await inside('id -u; pwd; echo $HOME')).stdout).toContain('1000');
    },
  );

  scenario(
    'an approval whose build is cut off by a crash must be put in force by the next controller, nothing left',
    { engine: null, isEmbedded: true, timeoutMs: 90_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      const first = await fleet.controller();
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.done('exec', 'dev', '--', 'sh', '-c', script);
      await inside('mkdir -p ~/.agent/today && echo said before > ~/.agent/today/1.log');
      const { id, call } = await proposeImage(fleet, WITH_PAUSE);
      const approval = fleet.bb('approve', id);
      const builds = () => buildsIn(fleet);
      await expect.poll(builds, { timeout: 30_000 }).toHaveLength(1);
      await first.stop('SIGKILL');
      await approval;

      await fleet.controller();
      await expect
        .poll(async () => (await fleet.bb('exec', 'dev', '--', 'sh', '-c', 'tool')).stdout, {
          timeout: 60_000,
        })
        .toContain('the tool works');
      await call;
      expect((await inside('cat ~/.agent/today/1.log')).stdout).toContain('said before');
      expect(await askAgain(fleet, id)).toMatch(/approved/);
      expect((await fleet.done('plan')).stdout).toContain('0 actions');
      expect(builds()).toEqual([]);
    },
  );

  scenario(
    'R28: an image that only an engine builds must be refused before anything is touched, and the agent be told',
    { engine: null, isEmbedded: true, timeoutMs: 90_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.controller();
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.bb('exec', 'dev', '--', 'sh', '-c', script);
      await inside('echo before > ~/work/file');
      const tip = await fleet.repository.head();

      const { id, call } = await proposeImage(fleet, WITH_ADD);
      const approved = await fleet.bb('approve', id);
      expect(approved.exitCode).not.toBe(0);
      expect(approved.all).toMatch(/images\/dev.Dockerfile:3 ADD is not\s+built/);
      expect(await fleet.repository.head()).toBe(tip);
      expect((await inside('cat ~/work/file')).stdout).toContain('before');
      const [waiting] = await fleet.json<readonly ProposalView[]>('proposals');
      expect(waiting?.proposal.id).toBe(id);

      await fleet.done('reject', id, '--reason', 'this machine fetches nothing');
      await call;
      expect(await askAgain(fleet, id)).toMatch(/rejected[\s\S]*this machine fetches nothing/);
    },
  );

  scenario(
    'an image that fails without an engine must be taken back with the end of its log, the bottle run on, the proposal wait',
    { engine: null, isEmbedded: true, timeoutMs: 90_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.controller();
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.bb('exec', 'dev', '--', 'sh', '-c', script);
      await inside('echo before > ~/work/file');
      const tip = await fleet.repository.head();
      const { id } = await proposeImage(fleet, BROKEN);
      expect((await fleet.bb('approve', id)).exitCode).toBe(1);
      expect(await fleet.repository.git('diff', tip, 'HEAD')).toBe('');
      const told = await fleet.repository.git('log', '-1', '--format=%B');
      expect(told).toContain('images/dev.Dockerfile:3');
      expect(told).toContain('step 60 of it');
      expect(told).not.toContain('step 15 of it');
      expect((await inside('cat ~/work/file')).stdout).toContain('before');
      const [waiting] = await fleet.json<readonly ProposalView[]>('proposals');
      expect(waiting?.proposal.id).toBe(id);
      await fleet.done('reject', id, '--reason', 'it does not build');
    },
  );

  scenario(
    'a commit whose Dockerfile cannot be built here must change nothing and say where, and one that can must be used',
    { engine: null, isEmbedded: true, timeoutMs: 90_000 },
    async (fleet) => {
      await fleet.repository.commit({ 'desired-state/agents/dev.yaml': AGENT });
      await fleet.done('reconcile');
      const inside = (script: string) => fleet.bb('exec', 'dev', '--', 'sh', '-c', script);
      await inside('echo before > ~/work/file');
      await fleet.repository.commit({
        'desired-state/images/dev.Dockerfile': WITH_ADD,
        'desired-state/agents/dev.yaml': AGENT.replace(
          '{name: dev}',
          '{name: dev, image: {dockerfile: images/dev.Dockerfile}}',
        ),
      });
      const ended = await fleet.bb('reconcile');
      expect(ended.exitCode).not.toBe(0);
      expect(ended.all).toContain('images/dev.Dockerfile:3 ADD is not built without an engine');
      expect(ended.all).toContain('backend: docker');
      expect((await inside('cat ~/work/file')).stdout).toContain('before');
      await fleet.repository.commit({ 'desired-state/images/dev.Dockerfile': WITH_TOOL });
      await fleet.done('reconcile');
      expect((await inside('tool')).stdout).toContain('the tool works');
    },
  );
}
