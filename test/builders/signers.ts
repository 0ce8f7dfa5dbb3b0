import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import type { TrustOptions } from '../../src/controller/adapters/git-trust.ts';
import type { TestRepository } from './repository.ts';
import { temporaryFolder } from './state-directory.ts';

/** Somebody with a key, who signs commits of a repository with it. */
interface Signer {
  readonly name: string;
  /** SSH: the private key's file; OpenPGP: the fingerprint. */
  readonly key: string;
  /** Configures the repository so that git signs with this key whatever it commits. */
  use(repository: TestRepository): Promise<void>;
}

/** A folder of keys, and the host's files that trust some of them. */
export interface Keys {
  readonly folder: string;
  readonly trust: TrustOptions;
  ssh(
    name: string,
    options?: { readonly trusted?: boolean; readonly validBefore?: string },
  ): Promise<Signer>;
  openpgp(
    name: string,
    options?: { readonly trusted?: boolean; readonly expires?: string },
  ): Promise<Signer>;
  /** Takes the SSH key off the list and puts it on that of revoked ones. */
  revoke(signer: Signer): Promise<void>;
}

/** Real keys of ssh-keygen and gpg in a temporary folder; agents that they started are ended with the test. */
export async function signingKeys(): Promise<Keys> {
  const { path: folder } = await temporaryFolder();
  const gnupg = join(folder, 'gnupg');
  await mkdir(gnupg, { mode: 0o700 });
  const [allowedSigners, revokedKeys, keyring] = ['allowed', 'revoked', 'keyring'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  for (const file of [allowedSigners, revokedKeys, keyring]) await writeFile(file, '');
  const gpg = (...args: readonly string[]) =>
    execa('gpg', ['--homedir', gnupg, '--batch', '--passphrase', '', ...args]);
  onTestFinished(async () => {
    await execa('gpgconf', ['--homedir', gnupg, '--kill', 'all'], { reject: false });
  });
  const verify = { allowedSigners, revokedKeys, keyring, since: null };
  let hasRing = false;
  return {
    folder,
    get trust() {
      const ring = hasRing ? keyring : null;
      return { verify: { ...verify, keyring: ring }, directory: join(folder, 'state', 'source') };
    },
    async ssh(name, { trusted = true, validBefore } = {}) {
      const key = join(folder, name);
      await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key]);
      const { stdout: publicKey } = await execa('cat', [`${key}.pub`]);
      const until = validBefore === undefined ? '' : `,valid-before="${validBefore}"`;
      const line = `${name}@example.test namespaces="git"${until} ${publicKey}\n`;
      if (trusted) await appendFile(allowedSigners, line);
      return { name, key, use: (repository) => signWith(repository, 'ssh', key) };
    },
    async openpgp(name, { trusted = true, expires = 'never' } = {}) {
      const user = `${name} <${name}@example.test>`;
      await gpg('--quick-gen-key', user, 'ed25519', 'sign', expires);
      const { stdout } = await gpg('--with-colons', '--list-keys', name);
      const key = /^fpr:+([0-9A-F]+):/m.exec(stdout)?.[1] ?? '';
      if (trusted) {
        hasRing = true;
        await appendFile(keyring, `${(await gpg('--export', '--armor', key)).stdout}\n`);
      }
      return {
        name,
        key,
        async use(repository) {
          // The repository names no program that bb starts: the key's home is found by git's own environment.
          process.env['GNUPGHOME'] = gnupg;
          onTestFinished(() => {
            delete process.env['GNUPGHOME'];
          });
          await signWith(repository, 'openpgp', key);
        },
      };
    },
    async revoke({ key }) {
      const { stdout } = await execa('cat', [`${key}.pub`]);
      await appendFile(revokedKeys, `${stdout}\n`);
    },
  };
}

async function signWith(repository: TestRepository, format: string, key: string): Promise<void> {
  await repository.git('config', 'gpg.format', format);
  await repository.git('config', 'user.signingKey', key);
  await repository.git('config', 'commit.gpgSign', 'true');
}

/** As an operator without a key, or with one that is left at home. */
export async function signNothing(repository: TestRepository): Promise<void> {
  await repository.git('config', 'commit.gpgSign', 'false');
}
