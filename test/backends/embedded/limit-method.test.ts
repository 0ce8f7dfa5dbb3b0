import { expect, it } from 'vitest';
import {
  CONTROLLERS,
  chooseLimits,
  type LimitFacts,
  limitWords,
} from '../../../src/backends/embedded/limit-method.ts';

const all = { controllers: CONTROLLERS };
const some = { controllers: ['pids', 'memory'] } as const;
const none = { controllers: [] };

it.each<[string, LimitFacts, string]>([
  ['groups of v1', { groups: { version: 'v1', ...all }, userManager: null }, 'cgroup v1'],
  ['groups of v2', { groups: { version: 'v2', ...all }, userManager: null }, 'cgroup v2'],
  ['both', { groups: { version: 'v2', ...all }, userManager: all }, 'cgroup v2'],
  ['a user manager', { groups: null, userManager: all }, 'a systemd user slice'],
  [
    'a user manager that may limit more',
    { groups: { version: 'v1', controllers: ['pids'] }, userManager: some },
    'a systemd user slice (cpu not limited)',
  ],
  [
    'some groups',
    { groups: { version: 'v1', ...some }, userManager: none },
    'cgroup v1 (cpu not limited)',
  ],
  [
    'a user manager that may limit nothing',
    { groups: { version: 'v2', ...none }, userManager: none },
    'a systemd user slice (memory and cpu not limited)',
  ],
  [
    'groups that limit nothing',
    { groups: { version: 'v2', ...none }, userManager: null },
    'rlimit (memory and cpu not limited)',
  ],
  ['nothing', { groups: null, userManager: null }, 'rlimit (memory and cpu not limited)'],
])('with %s a sandbox is limited by what limits most', (_what, facts, words) => {
  expect(limitWords(chooseLimits(facts))).toBe(words);
});
