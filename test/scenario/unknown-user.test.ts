import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { builtProgram } from './built-program.ts';

/** As containers are often run: by a number that is in no `/etc/passwd`. */
const AS_UNKNOWN = ['--user', '--map-user=54321', '--map-group=54321', '--'];
const canBeUnknown = (await execa('unshare', [...AS_UNKNOWN, 'true'], { reject: false })).exitCode;

test.runIf(canBeUnknown === 0)('a user without a name or a home can use bb', async () => {
  const program = await builtProgram();
  const folder = mkdtempSync(join(tmpdir(), 'bb-unknown-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const options = {
    cwd: folder,
    env: { PATH: process.env['PATH'], XDG_STATE_HOME: join(folder, 'state') },
    extendEnv: false,
    reject: false,
  };
  const bb = (...argv: string[]) => execa('unshare', [...AS_UNKNOWN, program, ...argv], options);
  const made = await bb('init', 'fleet');
  expect(`${made.exitCode} ${made.stderr}`).toBe('0 ');
  const suspended = await bb('-C', 'fleet', '--backend', 'simulated', 'suspend', 'demo');
  expect(`${suspended.exitCode} ${suspended.stderr}`).toMatch(/^0 /);
  const audit = await bb('-C', 'fleet', 'audit', '--json');
  expect(audit.stdout).toContain('"uid-54321@');
});
