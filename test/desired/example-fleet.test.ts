import { readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jsonSchemas } from '../../src/desired/json-schemas.ts';
import { loadDesiredState } from '../../src/desired/load.ts';
import { hostPolicy, treeFiles } from '../builders/desired.ts';

const ROOT = new URL('../../', import.meta.url);

function readFolder(name: string): Record<string, string> {
  const folder = new URL(`${name}/`, ROOT);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    paths
      .filter((path) => statSync(new URL(path, folder)).isFile())
      .map((path) => [path, readFileSync(new URL(path, folder), 'utf8')]),
  );
}

test('the example fleet is valid without a single remark, and needs no secret', () => {
  const { desired, diagnostics } = loadDesiredState(
    treeFiles(readFolder('desired-state')),
    hostPolicy(),
    { nowMs: 0 },
  );
  expect(diagnostics).toEqual([]);
  expect(Object.keys(desired?.bottles ?? {})).toEqual(['demo']);
});

test('schemas/ is current: npm run schemas', () => {
  expect(readFolder('schemas')).toEqual(Object.fromEntries(jsonSchemas()));
});

test('every file of the example names the schema of its kind', () => {
  for (const [path, text] of Object.entries(readFolder('desired-state'))) {
    if (!path.endsWith('.yaml')) continue;
    const kind = path.split('/')[0]?.replace('.yaml', '') ?? '';
    const up = path.includes('/') ? '../../' : '../';
    expect(text.split('\n')[0]).toBe(
      `# yaml-language-server: $schema=${up}schemas/${kind}.schema.json`,
    );
    expect([...jsonSchemas().keys()]).toContain(`${kind}.schema.json`);
  }
});
