import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { countFiles, FILE_BYTES } from '../../../src/backends/embedded/count-files.ts';
import { createDiskGrowth } from '../../../src/backends/embedded/disk-growth.ts';
import { createDiskMeter } from '../../../src/backends/embedded/disk-meter.ts';
import { embeddedLayout, rootParts } from '../../../src/backends/embedded/layout.ts';
import { bottleName, HOME } from '../../builders/observed.ts';

const MIB = 1024 * 1024;
const PLENTY = 1024 * MIB;
const NEVER = new AbortController().signal;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'bb-disk-'));
  // Deeper than a path is long, and closed: what removes it goes down step by step.
  onTestFinished(async () => {
    await execa('chmod', ['-R', 'u+rwX', made], { reject: false });
    await execa('rm', ['-rf', made]);
  });
  return made;
}

const bytesOf = async (path: string) => (await countFiles(path, PLENTY, NEVER)).bytes;

test('what files take is counted, one of several names once, and nothing that a link leads to', async () => {
  const [home, elsewhere] = [await folder(), await folder()];
  const empty = await bytesOf(home);
  writeFileSync(join(home, 'large'), Buffer.alloc(4 * MIB, 1));
  const one = await bytesOf(home);
  expect(one - empty).toBeGreaterThanOrEqual(4 * MIB);
  linkSync(join(home, 'large'), join(home, 'again'));
  expect(await bytesOf(home)).toBe(one);
  writeFileSync(join(elsewhere, 'other'), Buffer.alloc(4 * MIB, 1));
  symlinkSync(elsewhere, join(home, 'link'));
  expect(await bytesOf(home)).toBeLessThanOrEqual(one + FILE_BYTES);
});

test('an empty file takes its place among those that a file system can have', async () => {
  const home = await folder();
  const before = await bytesOf(home);
  for (let index = 0; index < 300; index += 1) writeFileSync(join(home, `${index}`), '');
  expect((await bytesOf(home)) - before).toBeGreaterThanOrEqual(300 * FILE_BYTES);
});

test('nothing hides in a closed folder, or deeper than a path is long', async () => {
  const home = await folder();
  const before = await bytesOf(home);
  mkdirSync(join(home, 'closed'));
  writeFileSync(join(home, 'closed/large'), Buffer.alloc(2 * MIB, 1));
  chmodSync(join(home, 'closed'), 0);
  const script =
    'for i in $(seq 60); do mkdir "$0" && cd "$0" || exit 1; done; head -c 2097152 /dev/zero >large';
  await execa('bash', ['-c', script, 'd'.repeat(100)], { cwd: home });
  expect((await bytesOf(home)) - before).toBeGreaterThanOrEqual(4 * MIB);
});

test('the count ends where it is past the limit, and says that there is more', async () => {
  const home = await folder();
  for (let index = 0; index < 20_000; index += 1) writeFileSync(join(home, `${index}`), '');
  const whole = await countFiles(home, PLENTY, NEVER);
  expect(whole.isWhole).toBe(true);
  const cut = await countFiles(home, MIB, NEVER);
  expect(cut.isWhole).toBe(false);
  expect(cut.bytes).toBeGreaterThan(MIB);
  expect(cut.bytes).toBeLessThan(whole.bytes);
});

test('who is told to stop counts no more', async () => {
  const stop = new AbortController();
  const counting = countFiles('/usr', Number.MAX_SAFE_INTEGER, stop.signal);
  stop.abort();
  await expect(counting).rejects.toThrow();
});

test('a file system has risen by all that came, whatever went; files without a byte are something', async () => {
  const looks = [
    { bytes: 100, files: 1 },
    { bytes: 50, files: 1 },
    { bytes: 80, files: 3 },
    { bytes: 80, files: 3 },
  ];
  const growth = createDiskGrowth('/', async () => looks.shift() ?? { bytes: 0, files: 0 });
  const risen = [];
  for (let look = 0; look < 4; look += 1) risen.push(await growth.risen());
  expect(risen).toEqual([0, 0, 30 + 2 * FILE_BYTES, 30 + 2 * FILE_BYTES]);
});

test('a home is gone through only where it can be past its limit, or was not for ten minutes', async () => {
  const directory = await folder();
  const layout = embeddedLayout(directory);
  const { home } = rootParts(layout.root('bb-home-dev'));
  mkdirSync(home, { recursive: true });
  const [dev, absent] = [bottleName('dev'), bottleName('absent')];
  let [risen, nowMs] = [0, 0];
  const meter = createDiskMeter(layout, { risen: async () => risen }, () => nowMs);
  const measure = async () => {
    const uses = await meter(
      HOME,
      new Map([
        [dev, MIB],
        [absent, MIB],
      ]),
      NEVER,
    );
    expect(uses.has(absent)).toBe(false);
    return uses.get(dev)?.bytes ?? 0;
  };
  const before = await measure();
  writeFileSync(join(home, 'large'), Buffer.alloc(MIB / 2, 1));
  risen += MIB / 4;
  expect(await measure()).toBe(before);
  risen += MIB;
  const counted = await measure();
  expect(counted).toBeGreaterThanOrEqual(MIB / 2);
  await rm(join(home, 'large'));
  expect(await measure()).toBe(counted);
  nowMs += 11 * 60_000;
  expect(await measure()).toBe(before);
});
