import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { SECOND_TRY } from '../second-try.ts';
import { type FleetOptions, type FleetUnderTest, fleetUnderTest } from './fleet-under-test.ts';

/**
 * One obligation of `bb`, shown on a fleet of its own: `scenario('a proposal must become a commit', …)`. What is
 * checked is state, in steps; nothing sleeps. A scenario that fails leaves a folder with what its fleet was like.
 */
export function scenario(
  title: string,
  options: FleetOptions & { readonly timeoutMs?: number },
  body: (fleet: FleetUnderTest) => Promise<void>,
): void {
  test(title, { timeout: options.timeoutMs ?? 60_000, ...SECOND_TRY }, async () => {
    await using fleet = await fleetUnderTest(options);
    try {
      await body(fleet);
    } catch (error) {
      const folder = await keepArtifacts(fleet);
      console.error(`FAILED ${title}\n  what the fleet was like: ${folder}`);
      throw error;
    }
  });
}

async function keepArtifacts(fleet: FleetUnderTest): Promise<string> {
  const folder = join(tmpdir(), 'bb-scenarios', fleet.name);
  await mkdir(folder, { recursive: true });
  const looks = {
    'status.json': ['status', '--json'],
    'plan.txt': ['plan'],
    'events.txt': ['events'],
    'proposals.json': ['proposals', '--all', '--json'],
  };
  for (const [file, argv] of Object.entries(looks)) {
    await writeFile(join(folder, file), (await fleet.bb(...argv)).all);
  }
  await writeFile(join(folder, 'containers.txt'), await fleet.engineLogs());
  await writeFile(join(folder, 'transcript.txt'), fleet.transcript.join('\n'));
  return folder;
}
