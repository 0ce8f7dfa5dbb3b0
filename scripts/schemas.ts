import { mkdirSync, writeFileSync } from 'node:fs';
import { jsonSchemas } from '../src/desired/json-schemas.ts';

/** Writes `schemas/` anew from the zod schemas; a test fails while it is not current. */
const folder = new URL('../schemas/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of jsonSchemas()) {
  writeFileSync(new URL(name, folder), text);
  console.log(`schemas/${name}`);
}
