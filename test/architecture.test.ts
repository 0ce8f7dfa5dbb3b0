import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../src');

/** Rooms that each room may import from, beside itself. The table of CONTRIBUTING.md, held here. */
const MAY_IMPORT: { readonly [room: string]: readonly string[] } = {
  model: [],
  desired: ['model'],
  reconcilers: ['model', 'desired'],
  backends: ['model'],
  supervise: ['model', 'desired'],
  sidecars: ['model', 'supervise'],
  controller: ['model', 'desired', 'reconcilers', 'backends', 'supervise', 'sidecars'],
  cli: ['model', 'reconcilers', 'controller'],
};

/** What a pure room may take from the platform: computations, no input or output. */
const PURE_ROOMS = new Set(['model', 'desired', 'reconcilers']);
const PURE_BUILTINS = new Set(['node:crypto', 'node:url']);
const IMPURE = [
  /\bDate\.now\(/,
  /\bMath\.random\(/,
  /\bprocess\./,
  /\bsetTimeout\(/,
  /\bconsole\./,
];

/** What the command line may know of the controller: its interface and how to get one. */
const CLI_DOORS = [
  'controller/api.ts',
  'controller/audit.ts',
  'controller/open.ts',
  'controller/validate.ts',
  'controller/doctor.ts',
  'controller/images.ts',
  'controller/init-repository.ts',
  'controller/package-root.ts',
  'controller/verify-audit.ts',
  'controller/why.ts',
];

interface Import {
  readonly file: string;
  readonly target: string;
}

test('rooms import only what the map allows', async () => {
  const offences = (await imports()).flatMap(({ file, target }) => {
    if (!target.startsWith('.')) return [];
    const from = room(file);
    const path = relative(SOURCE, resolve(SOURCE, dirname(file), target));
    const to = room(path);
    const allowed = from === to || (MAY_IMPORT[from] ?? []).includes(to);
    return allowed ? [] : [`${file} imports ${path}`];
  });
  expect(offences).toEqual([]);
});

test('the pure core imports no platform but computations', async () => {
  const offences = (await imports())
    .filter(({ file, target }) => {
      const builtin = target.startsWith('node:');
      return PURE_ROOMS.has(room(file)) && builtin && !PURE_BUILTINS.has(target);
    })
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(offences).toEqual([]);
});

test('the pure core knows no clock, randomness, process, timer or console', async () => {
  const offences: string[] = [];
  for (const file of await sources()) {
    if (!PURE_ROOMS.has(room(file))) continue;
    const code = withoutComments(await readFile(join(SOURCE, file), 'utf8'));
    for (const pattern of IMPURE)
      if (pattern.test(code)) offences.push(`${file}: ${pattern.source}`);
  }
  expect(offences).toEqual([]);
});

test('time and randomness of the controller come through ports', async () => {
  const offences: string[] = [];
  for (const file of await sources()) {
    const ported = room(file) === 'controller' && !file.startsWith('controller/adapters/');
    if (!ported) continue;
    const code = withoutComments(await readFile(join(SOURCE, file), 'utf8'));
    if (/\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)/.test(code)) offences.push(file);
  }
  expect(offences).toEqual([]);
});

test('backends do not know each other', async () => {
  const offences = (await imports()).flatMap(({ file, target }) => {
    if (!target.startsWith('.') || room(file) !== 'backends') return [];
    const path = relative(SOURCE, resolve(SOURCE, dirname(file), target));
    const own = file.split('/')[1];
    const other = path.split('/')[1];
    const shared = path.split('/').length === 2 || own === other || room(path) !== 'backends';
    return shared || file.split('/').length === 2 ? [] : [`${file} imports ${path}`];
  });
  expect(offences).toEqual([]);
});

test('the command line sees the controller through its doors only', async () => {
  const offences = (await imports()).flatMap(({ file, target }) => {
    if (!target.startsWith('.') || room(file) !== 'cli') return [];
    const path = relative(SOURCE, resolve(SOURCE, dirname(file), target));
    return room(path) !== 'controller' || CLI_DOORS.includes(path)
      ? []
      : [`${file} imports ${path}`];
  });
  expect(offences).toEqual([]);
});

async function imports(): Promise<readonly Import[]> {
  const all = await Promise.all(
    (await sources()).map(async (file) => {
      const text = withoutComments(await readFile(join(SOURCE, file), 'utf8'));
      const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
      return [...found].map(([, target]): Import => ({ file, target: target ?? '' }));
    }),
  );
  return all.flat();
}

async function sources(): Promise<readonly string[]> {
  const names = await readdir(SOURCE, { recursive: true });
  return names.filter((name) => /\.tsx?$/.test(name)).sort();
}

function room(path: string): string {
  return path.split('/')[0] ?? '';
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
