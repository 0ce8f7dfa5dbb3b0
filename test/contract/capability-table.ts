import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BackendCapabilities } from '../../src/model/availability.ts';

/** Page that holds the table. */
export const BACKENDS_PAGE = resolve(import.meta.dirname, '../../docs/reference/backends.md');

/** What each capability is for people. A new one does not compile before it is here. */
const MEANINGS: { readonly [name in keyof BackendCapabilities]: string } = {
  reload: 'sidecars take a new table while they run',
  internalNetwork: 'networks and subnets of its own',
  freeze: 'a bottle saved as an image',
  capabilityChange: 'an image built from a Dockerfile',
  wholeDockerfiles: 'every instruction of a Dockerfile',
  rootfs: 'a folder of the host as the root file system',
  attach: 'a terminal in a bottle',
  otherUsers: 'programs of other users than the bottle has',
  diskLimit: 'a limit for what files take, by watching them',
  closedRuntimes: 'runtimes that files are not copied into and out of',
};

const NAMES = Object.keys(MEANINGS) as readonly (keyof BackendCapabilities)[];

/** Cells of one backend, from top to bottom. */
export function saysOf(capabilities: BackendCapabilities): readonly string[] {
  return NAMES.map((name) => wordsOf(capabilities[name]));
}

function wordsOf(value: boolean | readonly string[]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value.length === 0 ? 'none' : value.join(', ');
}

/** The table as Markdown, its columns aligned. */
export function capabilityTable(
  backends: readonly { readonly name: string; readonly capabilities: BackendCapabilities }[],
): string {
  const head = ['capability', 'gives', ...backends.map(({ name }) => name)];
  const body = NAMES.map((name, index) => [
    `\`${name}\``,
    MEANINGS[name],
    ...backends.map(({ capabilities }) => saysOf(capabilities)[index] ?? ''),
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const ruler = line(widths.map((width) => '-'.repeat(width)));
  return [line(head), ruler, ...body.map(line)].join('\n');
}

const TABLE = /(?<=<!-- capabilities -->\n\n)[\s\S]*?(?=\n\n<!-- end -->)/;

/** `page` with `table` in the place of the one that it has. */
export function withTable(page: string, table: string): string {
  return page.replace(TABLE, () => table);
}

/** Cells below `backend` in the page. */
export async function documentedColumn(backend: string): Promise<readonly string[]> {
  const table = TABLE.exec(await readFile(BACKENDS_PAGE, 'utf8'))?.[0] ?? '';
  const [head = [], , ...rows] = table
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.map((cells) => cells[head.indexOf(backend)] ?? '');
}
