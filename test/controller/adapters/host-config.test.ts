import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadHostConfig } from '../../../src/controller/adapters/host-config.ts';
import { formatDiagnostic } from '../../../src/model/diagnostic.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';

interface HostFiles {
  readonly config?: string;
  readonly secrets?: string;
  readonly secretsMode?: number;
  readonly configMode?: number;
}

async function load(folder: string, files: HostFiles) {
  const write = async (name: string, text: string | undefined, mode: number) => {
    if (text === undefined) return;
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), mode);
  };
  await write('config.yaml', files.config, files.configMode ?? 0o644);
  await write('secrets.yaml', files.secrets, files.secretsMode ?? 0o600);
  return loadHostConfig({ directory: folder, environment: { HOME: '/home/olga' } });
}

/** Each problem on a line, without the folder. */
async function problems(files: HostFiles): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const loaded = await load(folder.path, files);
  if (loaded.ok) return [];
  return loaded.diagnostics.map((found) =>
    formatDiagnostic(found).replaceAll(`${folder.path}/`, ''),
  );
}

test('a host that says nothing has defaults, no secrets and an empty policy', async () => {
  await using folder = await temporaryFolder();
  expect(await load(folder.path, {})).toEqual({
    ok: true,
    config: {
      directory: folder.path,
      source: { repository: null, remote: null, branch: null, folder: 'desired-state' },
      verify: null,
      images: { base: null, rootfs: {} },
      programs: null,
      upstream: { hosts: {}, trustedCaPem: [] },
      pipelock: null,
      docker: { host: null },
      onInvalid: 'reject',
      workspaces: [],
    },
    policy: { secrets: {}, envAllowed: [], rootfs: [] },
    secrets: {},
  });
});

test('both files are read whole, paths from the home folder and from the file', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
  const loaded = await load(folder.path, {
    config: `
source: {repository: ~/fleet, branch: main, folder: bottles}
images: {base: "example.test/base:1", rootfs: {debian: ~/roots/debian, small: small}}
upstream: {hosts: {API.example.test: [192.0.2.7]}, caFiles: [ca.pem]}
envAllowed: [PAGER]
onInvalid: isolate
workspaces: [~/src]
`,
    secrets: `
gitea: {from: {env: GITEA_TOKEN}, hosts: [Gitea.example]}
anthropic: {from: {file: ~/.secrets/a}, hosts: ["*.example.com"]}
ssh: {from: {command: [op, read, x]}, gitUrls: ["ssh://git@gitea.example:30009/"]}
`,
  });
  expect(loaded).toMatchObject({
    ok: true,
    config: {
      source: { repository: '/home/olga/fleet', branch: 'main', folder: 'bottles' },
      images: {
        base: 'example.test/base:1',
        rootfs: { debian: '/home/olga/roots/debian', small: join(folder.path, 'small') },
      },
      upstream: {
        hosts: { 'api.example.test': ['192.0.2.7'] },
        trustedCaPem: ['-----BEGIN CERTIFICATE-----\n'],
      },
      onInvalid: 'isolate',
      workspaces: ['/home/olga/src'],
    },
    policy: {
      envAllowed: ['PAGER'],
      rootfs: ['debian', 'small'],
      secrets: {
        gitea: { hosts: ['gitea.example'], gitUrls: [] },
        ssh: { hosts: [], gitUrls: ['ssh://git@gitea.example:30009/'] },
      },
    },
    secrets: {
      gitea: { kind: 'env', variable: 'GITEA_TOKEN' },
      anthropic: { kind: 'file', path: '/home/olga/.secrets/a' },
      ssh: { kind: 'command', argv: ['op', 'read', 'x'] },
    },
  });
});

test.for([0o640, 0o604, 0o644, 0o660])(
  'a secrets file that others may open is refused: mode %o',
  async (secretsMode) => {
    const secrets = 'x: {from: {env: X}}\n';
    const [first, ...rest] = await problems({ secrets, secretsMode });
    expect(first).toContain('secrets.yaml:1:1 others than its owner may open the file (mode 0');
    expect(first).toContain('(chmod 600 secrets.yaml)');
    expect(rest).toEqual([]);
    expect(await problems({ secrets, secretsMode: 0o600 })).toEqual([]);
    expect(await problems({ secrets, secretsMode: 0o400 })).toEqual([]);
  },
);

test('a settings file that anybody may change is refused', async () => {
  const config = 'onInvalid: isolate\n';
  expect(await problems({ config, configMode: 0o646 })).toEqual([
    'config.yaml:1:1 anybody may change the file (mode 0646) (chmod o-w config.yaml)',
  ]);
  expect(await problems({ config, configMode: 0o664 })).toEqual([]);
});

test('what is no file in the place of one is refused, not waited for', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'secrets.yaml'), { mode: 0o700 });
  execFileSync('sh', ['-c', 'mkfifo -m 600 "$0"', join(folder.path, 'config.yaml')]);
  const loaded = await load(folder.path, {});
  const found = loaded.ok ? [] : loaded.diagnostics.map(({ message }) => message);
  expect(found).toEqual(['it is not a regular file', 'it is not a regular file']);
});

test('everything wrong with both files is told at once, with its place', async () => {
  const found = await problems({
    config: 'source: {repo: x}\nonInvalid: isolated\nupstream: {caFiles: [nowhere.pem]}\n',
    secrets: 'a: {from: {envv: X}}\nb: {from: {env: B}, hosts: ["https://x.example"]}\n',
  });
  expect(found).toEqual([
    expect.stringMatching(/^config\.yaml:1:10 unknown key "repo"/),
    expect.stringMatching(/^config\.yaml:2:12 .*isolated.*did you mean "isolate"/),
    expect.stringMatching(/^config\.yaml:3:22 nowhere\.pem cannot be read/),
    expect.stringMatching(/^secrets\.yaml:1:\d+ unknown key "envv"/),
    expect.stringMatching(/^secrets\.yaml:2:\d+ .*https:\/\/x\.example/),
  ]);
});

test('pipelock is what is named, else what is on the path, else none', async () => {
  await using folder = await temporaryFolder();
  const program = join(folder.path, 'pipelock');
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
  const pipelockOf = async (config: string, path: string) => {
    await writeFile(join(folder.path, 'config.yaml'), config);
    const loaded = await loadHostConfig({ directory: folder.path, environment: { PATH: path } });
    return loaded.ok ? loaded.config.pipelock : loaded.diagnostics.map(({ message }) => message);
  };
  const found = { path: program, identity: expect.stringMatching(/^\d+-[\d.]+-\d+$/) };
  expect(await pipelockOf('envAllowed: []', folder.path)).toEqual(found);
  expect(await pipelockOf('pipelock: {program: pipelock}', '/nowhere')).toEqual(found);
  expect(await pipelockOf('envAllowed: []', '/nowhere')).toBeNull();
  expect(await pipelockOf('pipelock: off', folder.path)).toBeNull();
});

test('a pipelock that is named and not there is told, never left out', async () => {
  expect(await problems({ config: 'pipelock: {program: /nowhere/pipelock}\n' })).toEqual([
    expect.stringContaining('/nowhere/pipelock is not a program that can be run'),
  ]);
});

const REMOTE = `
source:
  repository: https://git.example/me/fleet.git
  poll: 2m
  credential: {username: olga, secret: fleet}
  webhook: {listen: "127.0.0.1:9810", secret: hook}
`;
const REMOTE_SECRETS = `
fleet: {from: {env: FLEET}, gitUrls: ["https://git.example/me/"]}
hook: {from: {env: HOOK}}
`;

test('a repository elsewhere is followed with what this host says of it', async () => {
  await using folder = await temporaryFolder();
  const loaded = await load(folder.path, { config: REMOTE, secrets: REMOTE_SECRETS });
  expect(loaded).toMatchObject({
    ok: true,
    config: {
      source: {
        repository: null,
        remote: {
          url: 'https://git.example/me/fleet.git',
          pollMs: 120_000,
          credential: { username: 'olga', secret: 'fleet' },
          webhook: { listen: { kind: 'tcp', host: '127.0.0.1', port: 9810 }, secret: 'hook' },
        },
      },
    },
  });
});

test.for([
  ['a password in the URL', REMOTE.replace('git.example', 'olga:pw@git.example'), 'password'],
  ['an unknown scheme', 'source: {repository: "ftp://git.example/x"}', 'can be followed'],
  ['a credential in the clear', REMOTE.replace('https:', 'http:'), 'unencrypted'],
  ['a credential over ssh', REMOTE.replace('https:', 'ssh:'), 'keys of this user'],
  ['a credential for other URLs', REMOTE.replace('/me/', '/you/'), 'secret fleet is not for'],
  ['a webhook open to the network', REMOTE.replace('127.0.0.1', '0.0.0.0'), 'may listen'],
  [
    'a secret that is not there',
    REMOTE.replace('secret: hook', 'secret: gone'),
    'secret gone is not',
  ],
  [
    'a poll of a local one',
    'source: {repository: ~/fleet, poll: 5s}',
    'a repository that is a URL',
  ],
] as const)('a remote with %s is refused', async ([, config, words]) => {
  const found = await problems({ config, secrets: REMOTE_SECRETS });
  expect(found.join('\n')).toContain(words);
});

test('a proxy is an exact host and a port, and never stands beside pipelock', async () => {
  await using folder = await temporaryFolder();
  const config = 'upstream: {proxy: {host: proxy.example.test, port: 3128}}\n';
  const loaded = await load(folder.path, { config });
  if (!loaded.ok) throw new Error('the settings are valid');
  expect(loaded.config.upstream.proxy).toEqual({ host: 'proxy.example.test', port: 3128 });
  expect(await problems({ config: `${config}pipelock: {program: /bin/true}\n` })).toEqual([
    expect.stringMatching(/^config\.yaml:2:1 .*pipelock cannot dial through another proxy/),
  ]);
  expect(await problems({ config: `${config}pipelock: off\n` })).toEqual([]);
  for (const proxy of ['{host: "*.example.test", port: 1}', '{host: a.test, port: 0}', 'a.test']) {
    expect(await problems({ config: `upstream: {proxy: ${proxy}}\n` }), proxy).toHaveLength(1);
  }
});
