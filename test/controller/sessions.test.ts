import { lstat, readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import { madeOf } from '../../src/controller/made-of.ts';
import { bottleLayout } from '../../src/model/state-layout.ts';
import { agentFile, FLEET_FILES, fleetWorld, granted, refusalOf } from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';

const NO_PROGRESS = () => undefined;
/** A loaded machine is slow, not wrong. */
const PATIENCE = { timeout: 60_000 };
const agent = (provider: string) =>
  `provider: {name: ${provider}}\nbottles: [base]\nupdatePolicy: manual\ninstances: [{name: dev}]\n`;

/** A fleet in which `dev` runs codex. */
async function running() {
  const fleet = await fleetWorld({
    ...FLEET_FILES,
    'desired-state/agents/dev.yaml': agent('codex'),
  });
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  const events = async () => granted(await api.events({ limit: 100 }));
  return { fleet, api, events, layout: bottleLayout(fleet.stateDirectory, bottleName('dev')) };
}

test(
  'D4: a bottle that a newer commit describes otherwise is attached to as it runs',
  PATIENCE,
  async () => {
    const { fleet, api } = await running();
    await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agent('claude') });
    granted(await api.reconcile({}, NO_PROGRESS));
    expect(granted(await api.attachCommand('dev', []))[0]).toBe('codex');
    expect(granted(await api.headlessCommand('dev', 'do it')).slice(0, 2)).toEqual([
      'codex',
      'exec',
    ]);
    granted(await api.reconcile({ applyNow: ['dev'] }, NO_PROGRESS));
    expect(granted(await api.attachCommand('dev', []))[0]).toBe('claude');
  },
);

test.for([null, '', 'no JSON', '[]', '{}', '{"provider": {"kind": "other"}, "prompt": null}'])(
  'a label %j says nothing of what an agent was made of',
  (label) => {
    expect(madeOf(label)).toBeNull();
    expect(madeOf('{"provider": {"kind": "codex"}, "prompt": null}')).toEqual({
      provider: { kind: 'codex', login: 'none' },
      prompt: null,
    });
  },
);

test(
  'D5: a bottle that cannot be asked for its last session is not attached to',
  PATIENCE,
  async () => {
    const { fleet, api } = await running();
    const problem = { code: 'timeout', kind: 'transient', message: 'sh did not end' } as const;
    fleet.faults = {
      before: (call) => {
        if (call === 'exec') throw new BackendError(problem);
      },
    };
    const refusal = refusalOf(await api.attachCommand('dev', []));
    expect(refusal).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('did not end'),
    });
    expect(granted(await api.attachCommand('dev', [], { isNew: true }))).not.toContain('resume');
    fleet.faults = {};
    expect(granted(await api.attachCommand('dev', []))).toContain('resume');
  },
);

test(
  'a session that failed is told, and its agent kept when the instance is removed',
  PATIENCE,
  async () => {
    const { fleet, api, events, layout } = await running();
    granted(await api.sessionEnded('dev', 3));
    expect(JSON.parse(await readFile(layout.preservedMark, 'utf8'))).toMatchObject({
      ...{ exitCode: 3, reason: 'its session ended with exit code 3' },
    });
    expect(await events()).toContainEqual(
      expect.objectContaining({ reason: 'SessionFailed', bottle: 'dev', severity: 'warning' }),
    );
    await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agentFile() });
    granted(await api.reconcile({}, NO_PROGRESS));
    expect(fleet.engine.hasImage('bb/preserved:home-dev')).toBe(true);
  },
);

test(
  'a session that ended well leaves no mark; one of no bottle is refused',
  PATIENCE,
  async () => {
    const { fleet, api, events, layout } = await running();
    granted(await api.sessionEnded('dev', 0));
    await expect(lstat(layout.preservedMark)).rejects.toThrow('ENOENT');
    expect((await events()).map(({ reason }) => reason)).not.toContain('SessionFailed');
    expect(refusalOf(await api.sessionEnded('nobody', 3)).kind).toBe('not-found');
    await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agentFile() });
    granted(await api.reconcile({}, NO_PROGRESS));
    expect(fleet.engine.hasImage('bb/preserved:home-dev')).toBe(false);
  },
);
