import { expect } from 'vitest';
import type { ProposalReview } from '../../src/controller/api.ts';
import { onEngine } from './engine.ts';
import { type ProposingAgent, pending, proposingAgent } from './proposing-agent.ts';
import { scenario } from './scenario.ts';

await onEngine('proposals', (engine) => {
  scenario(
    'an approval must be a commit that is in force when the agent is answered',
    { engine },
    async (fleet) => {
      const { repository } = fleet;
      await fleet.controller();
      await fleet.done('reconcile');
      const idsBefore = await fleet.engine.ids();
      const pidBefore = (await fleet.engine.container('dev').inspect()).State.Pid;
      await repository.write({ 'notes.txt': 'mine', 'desired-state/bottles/base.yaml': 'mine: [' });

      const agent = await proposingAgent(fleet, '/private/');
      const tip = await repository.head();
      await fleet.done('approve', agent.id, '--notes', 'for the report only');

      expect(await agent.seen).toMatchObject({
        before: 403,
        after: 200,
        answer: expect.stringContaining('for the report only'),
      });
      expect(await fleet.engine.ids()).toEqual(idsBefore);
      expect((await fleet.engine.container('dev').inspect()).State.Pid).toBe(pidBefore);
      expect(await repository.git('rev-parse', 'HEAD~1')).toBe(tip);
      const trailers = await repository.git('log', '-1', '--format=%(trailers:unfold)');
      expect(trailers.split('\n').filter((line) => line !== '')).toEqual([
        'Bb-Action: approve',
        `Bb-Proposal: ${agent.id}`,
        'Bb-Bottle: dev',
        'Bb-Tool: egress-block',
        'Bb-Operator: olga@example.test',
        'Bb-Notes: for the report only',
        'Bb-Justification: the report is part of my task',
      ]);
      const changed = await repository.git('show', '--name-only', '--format=', 'HEAD');
      expect(changed).toBe('desired-state/routes/dev.yaml');
      const dirty = await repository.git('status', '--porcelain');
      expect(dirty.split('\n').map((line) => line.trim())).toEqual([
        'M desired-state/bottles/base.yaml',
        '?? notes.txt',
      ]);
      expect(await pending(fleet)).toEqual([]);

      const again = await fleet.bb('approve', agent.id);
      expect(again.exitCode).toBe(1);
      expect(again.stderr).toMatch(/approved/);
      expect((await fleet.bb('reject', agent.id, '--reason', 'late')).exitCode).toBe(1);
      expect(await repository.git('rev-parse', 'HEAD~1')).toBe(tip);
    },
  );

  scenario('a rejection must reach the agent with its reason', { engine }, async (fleet) => {
    await fleet.controller();
    await fleet.done('reconcile');
    const agent = await proposingAgent(fleet, '/private/');
    const tip = await fleet.repository.head();
    await fleet.done('reject', agent.id, '--reason', 'use the public one');
    expect(await agent.seen).toMatchObject({
      before: 403,
      after: 403,
      answer: expect.stringContaining('use the public one'),
    });
    expect(await fleet.repository.git('rev-parse', 'HEAD~1')).toBe(tip);
    expect(await fleet.repository.git('diff', '--stat', 'HEAD~1')).toBe('');
    expect(
      await fleet.repository.git('log', '-1', '--format=%(trailers:key=Bb-Action,valueonly)'),
    ).toBe('reject\n');
  });

  scenario('of two approvals at once one must win', { engine }, async (fleet) => {
    await fleet.controller();
    await fleet.done('reconcile');
    const agent = await proposingAgent(fleet, '/private/');
    const tip = await fleet.repository.head();
    const ends = await Promise.all([fleet.bb('approve', agent.id), fleet.bb('approve', agent.id)]);
    expect(ends.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
    expect(await fleet.repository.git('rev-parse', 'HEAD~1')).toBe(tip);
    expect((await agent.seen).after).toBe(200);
  });

  scenario(
    'approvals of several shells at once must all be commits that are in force',
    { engine },
    async (fleet) => {
      await fleet.controller();
      await fleet.done('reconcile');
      const agents: ProposingAgent[] = [];
      for (const path of ['/one/', '/two/', '/three/', '/four/']) {
        agents.push(await proposingAgent(fleet, path));
      }
      const tip = await fleet.repository.head();
      await Promise.all(agents.map(({ id }) => fleet.done('approve', id, '--yes')));
      expect(await fleet.repository.git('rev-list', '--count', `${tip}..HEAD`)).toBe('4');
      for (const agent of agents)
        expect(await agent.seen).toMatchObject({ before: 403, after: 200 });
      expect(await pending(fleet)).toEqual([]);
    },
  );

  scenario('an approval must be of what was seen', { engine }, async (fleet) => {
    await fleet.done('reconcile');
    const agent = await proposingAgent(fleet, '/private/');
    const review = await fleet.json<ProposalReview>('show', agent.id);
    await fleet.repository.commit({
      'desired-state/routes/dev.yaml':
        'routes:\n  - host: api.example.test\n    paths: [/other/]\n',
    });
    const tip = await fleet.repository.head();
    const outdated = await fleet.bb('approve', agent.id, '--seen', review.seen);
    expect(outdated.exitCode).toBe(1);
    expect(outdated.stderr).toMatch(/show/);
    expect(await fleet.repository.head()).toBe(tip);
    expect(await pending(fleet)).toHaveLength(1);
    const { seen } = await fleet.json<ProposalReview>('show', agent.id);
    await fleet.done('approve', agent.id, '--seen', seen);
    expect((await agent.seen).after).toBe(200);
  });

  scenario('a proposal that is not there must not be decided', { engine: null }, async (fleet) => {
    const tip = await fleet.repository.head();
    for (const id of ['01M7YS4HSW07N12950C5VKTDNQ', '../../etc/passwd', 'x']) {
      const ended = await fleet.bb('approve', id);
      expect(ended.exitCode, id).toBe(2);
      expect(ended.stderr).toMatch(/bb proposals/);
      expect((await fleet.bb('reject', id, '--reason', 'no')).exitCode, id).toBe(2);
    }
    expect(await fleet.repository.head()).toBe(tip);
  });
});
