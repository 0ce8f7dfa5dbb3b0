import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findImage, keepImage, listImages } from '../../../src/backends/embedded/images.ts';
import { embeddedLayout } from '../../../src/backends/embedded/layout.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-images-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

const build = {
  reference: 'bb/sidecars:1',
  dockerfile: '',
  buildArgs: {},
  context: new Map([['bundle.js', bytes('program')]]),
  onHost: {
    folder: '/opt/bb',
    extra: new Map([['cache/v1/code', bytes('compiled')]]),
    command: ['node', '/opt/bb/bundle.js'],
    env: { MODE: 'quick' },
    home: null,
    workdir: '/',
  },
};

it('keeps the files of an image, those that only make it quicker too, and what is run', async () => {
  const layout = embeddedLayout(folder);
  await Promise.all([keepImage(layout, build), keepImage(layout, build)]);
  const image = findImage(layout, build.reference);
  expect(image?.onHost).toEqual({
    ...{ folder: '/opt/bb', command: ['node', '/opt/bb/bundle.js'], env: { MODE: 'quick' } },
    ...{ home: null, workdir: '/' },
  });
  const read = (path: string) => readFileSync(join(image?.files ?? '', path), 'utf8');
  expect([read('bundle.js'), read('cache/v1/code')]).toEqual(['program', 'compiled']);
  expect(await listImages(layout)).toEqual(['bb/sidecars:1']);
});

it('leaves nothing of an image that could not be written down after it was unpacked', async () => {
  const layout = embeddedLayout(folder);
  const blocked = keepImage(layout, build, async (rootfs) => {
    mkdirSync(join(dirname(rootfs), 'image.json'));
  });
  await expect(blocked).rejects.toMatchObject({ code: 'EISDIR' });
  expect(readdirSync(layout.images)).toEqual([]);
  await keepImage(layout, build, () => Promise.resolve());
  expect(await listImages(layout)).toEqual(['bb/sidecars:1']);
});
