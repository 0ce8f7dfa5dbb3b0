import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { probeMachine } from '../../../src/backends/embedded/probe.ts';
import { remedyFor } from '../../../src/backends/embedded/remedy.ts';
import { pathWithout } from '../../builders/path-without.ts';

const PROBE = resolve(import.meta.dirname, '../../../src/backends/embedded/probe.ts');
const folder = mkdtempSync(join(tmpdir(), 'bb-path-'));
// As root the probe tries as somebody else.
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const here = await probeMachine();

describe.skipIf(!here.available)('what sandboxes need of a machine', () => {
  it('all of it is there', async () => {
    const path = pathWithout(join(folder, 'all'));
    expect(await probeMachine(path)).toMatchObject({ available: true });
  });

  it.each([
    ['bwrap', 'bubblewrap is not installed', 'apt-get install bubblewrap'],
    ['nsenter', 'not installed: nsenter', 'Install util-linux'],
    ['flock', 'not installed: flock', 'Install util-linux'],
  ])('without %s it says so, and what to install', async (program, reason, fix) => {
    const availability = await probeMachine(pathWithout(join(folder, program), program));
    expect(availability).toMatchObject({ available: false, reason });
    expect(availability).toHaveProperty('fix', expect.stringContaining(fix));
  });

  it('where the kernel gives a user no namespaces it says how to get them', async () => {
    const probe = `import {probeMachine} from ${JSON.stringify(PROBE)}; console.log(JSON.stringify(await probeMachine()));`;
    const limited = [
      ...['unshare', '--user', '--map-current-user', '--keep-caps', 'sh', '-c'],
      'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"',
      ...['sh', process.execPath, '--input-type=module', '-e', probe],
    ];
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...limited];
    const [program = '', ...rest] = process.getuid?.() === 0 ? asNobody : limited;
    const { stdout } = await promisify(execFile)(program, rest);
    expect(JSON.parse(stdout)).toMatchObject({
      available: false,
      reason: expect.stringContaining('user namespaces cannot be made'),
      fix: 'As root: sysctl -w user.max_user_namespaces=15000',
    });
  });
});

describe('the way out of a refusal', () => {
  it.each([
    [{ 'kernel/unprivileged_userns_clone': '0' }, 'kernel.unprivileged_userns_clone=1'],
    [{ 'kernel/apparmor_restrict_unprivileged_userns': '1' }, 'AppArmor'],
    [{ 'user/max_user_namespaces': '0' }, 'user.max_user_namespaces'],
    [{ 'kernel/unprivileged_userns_clone': '1' }, 'Inside a container'],
  ])('is told by what the kernel is set to: %o', (settings, fix) => {
    expect(remedyFor(settings, 'Operation not permitted')).toContain(fix);
  });

  it('is a newer bubblewrap where it does not know an option', () => {
    const said = 'bwrap: Unknown option --disable-userns';
    expect(remedyFor({ 'user/max_user_namespaces': '0' }, said)).toContain('too old');
  });
});
