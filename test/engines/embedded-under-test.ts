import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createEmbeddedBackend } from '../../src/backends/embedded/embedded-backend.ts';
import type { BackendUnderTest } from '../contract/backend-under-test.ts';
import { embeddedUnder } from './embedded-under.ts';

/** The embedded backend over a folder of its own, as whoever runs the tests. */
export type EmbeddedUnderTest =
  | {
      readonly kind: 'embedded';
      readonly directory: string;
      readonly under: BackendUnderTest;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** The folder is removed after the file's last test. */
export async function embeddedUnderTest(): Promise<EmbeddedUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'bb-embedded-'));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  const availability = await createEmbeddedBackend({ directory }).probe();
  if (!availability.available) return { kind: 'none', reason: availability.reason };
  return { kind: 'embedded', directory, under: await embeddedUnder(directory) };
}
