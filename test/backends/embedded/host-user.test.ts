import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimUser, releaseUser } from '../../../src/backends/embedded/host-user.ts';
import { embeddedLayout } from '../../../src/backends/embedded/layout.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-users-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('each bottle is a user of its own, the same one whenever it is asked for', () => {
  const layout = embeddedLayout(folder);
  const names = Array.from({ length: 200 }, (_, index) => `bb-fleet-b${index}`);
  const users = names.map((name) => claimUser(layout, name).uid);
  expect(new Set(users).size).toBe(200);
  expect(Math.min(...users)).toBeGreaterThanOrEqual(0x70000000);
  expect(names.map((name) => claimUser(layout, name).uid)).toEqual(users);
});

it('a user that another bottle has is passed over, and is free again when that is gone', () => {
  const layout = embeddedLayout(folder);
  const first = claimUser(layout, 'bb-fleet-one');
  releaseUser(layout, first, 'bb-fleet-one');
  writeFileSync(join(layout.users, String(first.uid)), 'bb-fleet-other');
  const second = claimUser(layout, 'bb-fleet-one');
  expect(second.uid).not.toBe(first.uid);
  releaseUser(layout, first, 'bb-fleet-one');
  releaseUser(layout, second, 'bb-fleet-one');
  expect(readdirSync(layout.users)).toEqual([String(first.uid)]);
  releaseUser(layout, first, 'bb-fleet-other');
  expect(readdirSync(layout.users)).toEqual([]);
  expect(claimUser(layout, 'bb-fleet-one')).toEqual(first);
});
