import { describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import type { AttackedFleet } from './attacked-fleet.ts';
import { inside } from './inside.ts';
import { PATIENCE_MS, type Tries, tryingAgent } from './trying-agent.ts';

const AGENTS = 'desired-state/agents/dev.yaml';
const DOCKERFILE = 'desired-state/images/early.Dockerfile';

/** An agent that tries to get out from its first moment on, when its sidecars may not be what they will be. */
export function earlyAttacks(attacked: () => AttackedFleet): void {
  describe('at the start', () => {
    test('nothing gets out of a bottle that is being made, and what is allowed once it is', {
      timeout: 3 * PATIENCE_MS,
    }, async () => {
      const { fleet, machine, place } = attacked();
      const before = await fleet.repository.git('show', `HEAD:${AGENTS}`);
      const ownImage = place.engine !== null;
      const visits = machine.visits();
      const image = ownImage ? ', image: {dockerfile: images/early.Dockerfile}' : '';
      await fleet.repository.commit({
        [AGENTS]: before.replace('{name: dev}', `{name: dev}, {name: early${image}}`),
        ...(ownImage ? { [DOCKERFILE]: dockerfile(tryingAgent(attacked(), 'first', 1)) } : {}),
      });
      const program = tryingAgent(attacked(), 'entered', 1);
      const [entered] = await Promise.all([
        eventually(
          'somebody may run programs in it',
          () => inside<Tries>(fleet, 'node', program, 'early').catch(() => undefined),
          2 * PATIENCE_MS,
        ),
        fleet.done('reconcile'),
      ]);
      const tries = [entered, ...(ownImage ? [await fromTheFirst()] : [])];
      for (const { direct, proxied } of tries) {
        expect(direct).toEqual(['nothing']);
        expect(proxied.at(-1)).toBe('200');
        expect(proxied.filter((one) => !['200', '403', 'nothing'].includes(one))).toEqual([]);
      }
      expect(machine.visits()).toBe(visits);
      await fleet.repository.commit({
        [AGENTS]: before,
        ...(ownImage ? { [DOCKERFILE]: null } : {}),
      });
      await fleet.done('reconcile');
    });

    async function fromTheFirst(): Promise<Tries> {
      const { fleet } = attacked();
      return eventually(
        'what ran from the first moment on has ended',
        async () => {
          const { stdout, exitCode } = await fleet.bb('exec', 'early', '--', 'cat', '/tmp/first');
          return exitCode === 0 && stdout.endsWith('}') && JSON.parse(stdout);
        },
        PATIENCE_MS,
      );
    }
  });
}

/** An image in which the sleeper that keeps a bottle is the attacker. */
function dockerfile(program: string): string {
  const write = (text: string, path: string) =>
    `RUN echo ${Buffer.from(text).toString('base64')} | base64 -d > ${path} && chmod 755 ${path}`;
  const sleeper =
    '#!/bin/sh\nnode /opt/early.mjs > /tmp/first 2>/dev/null &\nexec /usr/bin/sleep "$@"\n';
  return [
    'ARG BASE',
    'FROM $BASE',
    'USER root',
    write(program, '/opt/early.mjs'),
    write(sleeper, '/usr/local/bin/sleep'),
    '',
  ].join('\n');
}
