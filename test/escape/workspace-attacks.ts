import { describe, expect, test } from 'vitest';
import type { AttackedFleet } from './attacked-fleet.ts';
import { API } from './attacked-upstreams.ts';
import { inside } from './inside.ts';

/** What an agent leaves in its files for the programs that run there after it. */
export function workspaceAttacks(attacked: () => AttackedFleet): void {
  describe('files that reconfigure', () => {
    test('settings that send clients past egress lead nowhere, without them they arrive', async () => {
      const { fleet, place, arrived } = attacked();
      const program = `const address = ${JSON.stringify(place.address)};\n${CLIENTS}`;
      const said = await inside<{ [client: string]: string }>(fleet, 'node', program);
      const { curl, git, ...past } = said;
      expect(curl).toBe('0 200');
      expect(git).toMatch(/^\d+ .*(?:not found|valid)/);
      const asked = arrived.map(({ line }) => line).filter((line) => line.includes('workspace'));
      expect(asked).toEqual([
        'GET /public/workspace',
        'GET /public/workspace.git/info/refs?service=git-upload-pack',
      ]);
      expect(Object.keys(past)).toHaveLength(3);
      for (const [client, answer] of Object.entries(past)) {
        // A resolver that says nothing outlasts git: it is ended, and that is `null`.
        expect(answer, client).toMatch(/resolv|connect|unreachable|refused|^null/i);
      }
    });

    test('programs and start-up files that it leaves are not what others run there', async () => {
      const { fleet } = attacked();
      const home = await inside<string>(fleet, 'node', PLANTED);
      const exec = async (...argv: readonly string[]) =>
        (await fleet.bb('exec', 'dev', '--', ...argv)).all;
      expect(await exec('sh', '-c', `cat ${home}/.profile`)).toContain('planted');
      expect(await exec('sh', '-c', 'id -u')).toMatch(/^\d+$/);
      expect(await exec('bash', '-c', 'id -u')).toMatch(/^\d+$/);
      expect(await exec('node', '-p', '6 * 7')).toBe('42');
      expect((await fleet.done('reconcile')).all).not.toContain('planted');
    });
  });
}

/** Each client as it comes, then as files in the home and the repository tell it. */
const CLIENTS = `
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
const home = os.homedir();
const place = fs.mkdtempSync(join(home, 'work-'));
const run = (program, ...argv) => {
  const { status, stdout, stderr } = spawnSync(program, argv, { cwd: place, encoding: 'utf8', timeout: 10000 });
  return status + ' ' + (stdout + stderr).trim();
};
const url = 'https://${API}/public/workspace';
const curl = () => run('curl', '-sS', '--max-time', '5', '-o', '/dev/null', '-w', '%{http_code}', url);
const git = () => run('git', 'ls-remote', url + '.git');
const said = { curl: curl(), git: git() };
fs.writeFileSync(join(home, '.curlrc'), 'noproxy = "*"\\n');
said['curl without a proxy'] = curl();
fs.writeFileSync(join(home, '.curlrc'), 'noproxy = "*"\\nresolve = "${API}:' + address + '"\\ninsecure\\n');
said['curl with an address'] = curl();
fs.rmSync(join(home, '.curlrc'));
run('git', 'init', '-q', '.');
run('git', 'config', 'http.proxy', '');
run('git', 'config', 'http.sslVerify', 'false');
said['git of a repository'] = git();
fs.rmSync(place, { recursive: true });
console.log(JSON.stringify(said));
`;

/** In the home, where programs begin, under every name that a shell or bb might look for. */
const PLANTED = `
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
const home = os.homedir();
for (const folder of [home, join(home, 'bin'), join(home, '.local/bin'), process.cwd()]) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of ['sh', 'bash', 'node', 'id', 'mktemp', 'printf']) {
    fs.writeFileSync(join(folder, name), '#!/bin/sh\\necho planted\\n', { mode: 0o755 });
  }
}
for (const name of ['.profile', '.bash_profile', '.bashrc', '.bash_env', '.shrc']) {
  fs.writeFileSync(join(home, name), 'echo planted\\n');
}
console.log(JSON.stringify(home));
`;
