import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { javaTrustStore } from '../../src/model/java-trust-store.ts';
import { temporaryFolder } from '../builders/state-directory.ts';
import { selfSigned } from '../sidecars/egress/upstream.ts';

const { exitCode } = await execa('keytool', ['-help'], { reject: false });
const words = exitCode === 0 ? '' : ' (keytool is not on this machine)';

test.skipIf(exitCode !== 0)(
  `Java trusts each certificate of a PEM text, and sees a byte that was changed${words}`,
  { timeout: 60_000 },
  async () => {
    const folder = await temporaryFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
    const [one, other] = ['one.example.test', 'other.example.test'].map(
      (name) => selfSigned([name]).cert,
    );
    const store = javaTrustStore(`# said before\n${one}\n${other}`);
    expect(javaTrustStore(`${one}${other}`)).toEqual(store);
    const list = async (content: Uint8Array) => {
      const path = join(folder.path, 'ca.jks');
      await writeFile(path, content);
      const argv = ['-list', '-v', '-keystore', path, '-storepass', 'changeit'];
      return execa('keytool', argv, { reject: false });
    };
    const { stdout } = await list(store);
    for (const pem of [one, other]) {
      expect(stdout).toContain(new X509Certificate(pem ?? '').fingerprint256);
    }
    expect(stdout.match(/trustedCertEntry/g)).toHaveLength(2);
    const changed = Uint8Array.from(store);
    changed[60] = (changed[60] ?? 0) ^ 1;
    expect((await list(changed)).exitCode).not.toBe(0);
  },
);

test('a text without a certificate gives a store without one', () => {
  expect(Buffer.from(javaTrustStore('')).subarray(0, 12).toString('hex')).toBe(
    'feedfeed0000000200000000',
  );
});
