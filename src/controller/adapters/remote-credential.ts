import type { RemoteSettings } from '../host-config.ts';
import type { Secrets } from '../ports/secrets.ts';

/** What a git command needs to answer the remote's question who this is. */
export type RemoteCredential =
  | {
      readonly ok: true;
      /** Settings of the command; they hold no value. */
      readonly config: readonly string[];
      readonly secretInput: string | undefined;
    }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/**
 * Answers git's credential question from descriptor 3, once, and only for the origin that is configured; whoever lists
 * processes or reads their environment sees nothing. No other helper of this user is asked.
 */
const HELPER = '!f() { test "$1" = get && cat <&3; }; f';

/** Reads the credential of the remote at the moment it is needed, so that a changed one counts at once. */
export async function remoteCredential(
  { url, credential }: RemoteSettings,
  secrets: Pick<Secrets, 'values' | 'versions'>,
): Promise<RemoteCredential> {
  if (credential === null) return { ok: true, config: [], secretInput: undefined };
  const { username, secret } = credential;
  const value = (await secrets.values([secret])).get(secret)?.value;
  if (value === undefined) {
    const { problems } = await secrets.versions([secret]);
    const message = problems[secret] ?? `secret ${secret} has no value`;
    return { ok: false, message, hint: 'see its source in secrets.yaml' };
  }
  if (/[\n\r\0]/.test(value)) {
    const message = `secret ${secret} is more than one line, which git takes for no password`;
    return { ok: false, message, hint: 'keep the password alone in its source' };
  }
  const { origin } = new URL(url);
  const settings = ['credential.helper=', `credential.${origin}.helper=${HELPER}`];
  return {
    ok: true,
    config: [...settings, 'core.askPass='].flatMap((setting) => ['-c', setting]),
    secretInput: `username=${username}\npassword=${value}\n`,
  };
}
