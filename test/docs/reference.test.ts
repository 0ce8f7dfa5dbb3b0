import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { COMMAND_NAMES } from '../../src/cli/command-names.ts';
import { agentSchema } from '../../src/desired/schema/agent.ts';
import { allowlistSchema } from '../../src/desired/schema/allowlist.ts';
import { bottleSchema } from '../../src/desired/schema/bottle.ts';
import { fleetSchema } from '../../src/desired/schema/fleet.ts';
import { policySchema } from '../../src/desired/schema/policy.ts';
import { routesSchema } from '../../src/desired/schema/route.ts';
import { DIAGNOSTIC_CODES } from '../../src/model/diagnostic.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');
const SCHEMAS: { readonly [page: string]: z.ZodType } = {
  fleet: fleetSchema,
  agents: agentSchema,
  bottles: bottleSchema,
  allowlists: allowlistSchema,
  routes: routesSchema,
  policies: policySchema,
};

describe.each(Object.entries(SCHEMAS))('docs/reference/%s.md', (page, schema) => {
  test('begins with an example that is valid as it stands', async () => {
    const text = await readFile(join(DOCS, `reference/${page}.md`), 'utf8');
    const example = /```yaml\n([\s\S]*?)```/.exec(text)?.[1];
    expect(example).toBeDefined();
    expect(schema.safeParse(parse(example ?? ''))).toMatchObject({ success: true });
  });
});

test('every diagnostic code is explained', async () => {
  const text = await readFile(join(DOCS, 'reference/diagnostics.md'), 'utf8');
  expect(DIAGNOSTIC_CODES.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
});

test('every command is on the page of the command line', async () => {
  const text = await readFile(join(DOCS, 'cli.md'), 'utf8');
  const told = new Set(Array.from(text.matchAll(/`(?:bb )?([a-z]+)[^`]*`/g), ([, name]) => name));
  expect(COMMAND_NAMES.filter(({ name }) => !told.has(name))).toEqual([]);
});

test('no page links to a file that is not there', async () => {
  const pages = (await readdir(DOCS, { recursive: true })).filter((name) => name.endsWith('.md'));
  const texts = [join(DOCS, '../README.md'), join(DOCS, '../CONTRIBUTING.md')].concat(
    pages.map((page) => join(DOCS, page)),
  );
  const broken: string[] = [];
  for (const page of texts) {
    const text = await readFile(page, 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      const found = await readFile(resolve(dirname(page), target)).catch((error) => error.code);
      if (found === 'ENOENT') broken.push(`${page.slice(DOCS.length)} -> ${target}`);
    }
  }
  expect(broken).toEqual([]);
});
