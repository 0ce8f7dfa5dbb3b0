import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { embeddedLayout, rootParts } from '../../../src/backends/embedded/layout.ts';
import { boundSomeLogs } from '../../../src/backends/embedded/log-bounds.ts';

const MIB = 1024 * 1024;

test('a log that grew too large begins anew, one that did not stays, wherever it is in the list', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bb-logs-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const layout = embeddedLayout(directory);
  const names = Array.from({ length: 100 }, (_, index) => `bb-home-b${index}`);
  const logOf = (name: string) => rootParts(layout.root(name)).log;
  const sizes = () => names.map((name) => statSync(logOf(name), { throwIfNoEntry: false })?.size);
  for (const [index, name] of names.entries()) {
    if (index === 50) continue;
    mkdirSync(dirname(logOf(name)), { recursive: true });
    writeFileSync(logOf(name), 'said\n');
    if (index % 3 === 0) truncateSync(logOf(name), 40 * MIB);
  }
  for (let look = 0; look < 5; look += 1) boundSomeLogs(layout, names);
  const expected = names.map((_, index) =>
    index === 50 ? undefined : index % 3 === 0 ? 0 : 'said\n'.length,
  );
  expect(sizes()).toEqual(expected);
});
