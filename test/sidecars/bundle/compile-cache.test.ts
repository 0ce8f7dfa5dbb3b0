import { mkdirSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileCache } from '../../../src/sidecars/bundle/compile-cache.ts';

describe('compileCache', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bb-compile-cache-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('links what the image was built with under the name that Node looks for', () => {
    mkdirSync(join(folder, 'cache/v24.1.0-x64-ab12-0'), { recursive: true });
    const own = join(folder, 'own');
    expect(compileCache(folder, own, 4711)).toEqual({ NODE_COMPILE_CACHE: own });
    expect(readlinkSync(join(own, 'v24.1.0-x64-ab12-4711'))).toBe(
      join(folder, 'cache/v24.1.0-x64-ab12-0'),
    );
  });

  it('asks for nothing where there is no cache', () => {
    expect(compileCache(folder, join(folder, 'own'), 4711)).toEqual({});
  });

  it('does not believe a link that was there before', () => {
    mkdirSync(join(folder, 'cache/v24.1.0-x64-ab12-0'), { recursive: true });
    const own = join(folder, 'own');
    compileCache(folder, own, 4711);
    expect(compileCache(folder, own, 4711)).toEqual({});
  });
});
