import { sanitizeLine } from '../../model/sanitize.ts';

/** What became of a call of the remote, for a person. */
export interface RemoteTrouble {
  readonly message: string;
  readonly hint: string;
}

const TROUBLES: readonly (readonly [said: RegExp, hint: string])[] = [
  [
    /authentication failed|could not read (?:username|password)|permission denied|\b40[13]\b/i,
    'see source.credential of config.yaml and its secret; over ssh, the keys of this user and its agent',
  ],
  [
    /host key verification failed/i,
    'connect once by hand with ssh, and compare the fingerprint that it shows',
  ],
  [
    /not found|does not appear to be a git repository|does not exist|\b404\b/i,
    'see source.repository of config.yaml',
  ],
  [/certificate|ssl/i, 'see http.sslCAInfo of git for an authority of your own'],
];

/** Puts what git said of a remote into words with what to do. It is text from outside. */
export function remoteTrouble(url: string, said: string): RemoteTrouble {
  const lines = said.split('\n').map((line) => line.replace(/^(?:fatal|error|remote): /, ''));
  const line = lines.find((text) => text.trim() !== '') ?? 'git gave no reason';
  const hint = TROUBLES.find(([pattern]) => pattern.test(said))?.[1];
  return {
    message: `${url} cannot be reached: ${sanitizeLine(line.trim(), 300)}`,
    hint: hint ?? 'it is tried again by itself',
  };
}
