import { describe, expect, test } from 'vitest';
import { DEALINGS, ENCODINGS } from './encodings.ts';
import { findings, found, scannerOf } from './scanners.ts';
import { TOKENS } from './tokens.ts';

const scanner = scannerOf({});

describe.for(TOKENS)('$rule: $token', ({ rule, token, tooShort }) => {
  const seen = [`token_patterns ${rule}`];

  test('is found wherever it stands, and its beginning alone is not', async () => {
    for (const around of AROUND) {
      expect(await found(scanner, around(token))).toEqual(seen);
      expect(await found(scanner, around(tooShort))).toEqual([]);
    }
  });

  test('is found where it is encoded', async () => {
    for (const name of DECODED) {
      const sent = `{"x":"${ENCODINGS[name]?.(token)}"}`;
      expect(await found(scanner, sent), name).toEqual(seen);
    }
  });
});

test('a token that is dealt out over values is found', async () => {
  const token = TOKENS.find(({ rule }) => rule === 'github')?.token ?? '';
  for (const [name, deal] of Object.entries(DEALINGS)) {
    if (name === 'lines') continue;
    expect(await found(scanner, deal(token)), name).toEqual(['token_patterns github']);
  }
});

test('a word in the text does not switch the search off', async () => {
  const token = TOKENS.find(({ rule }) => rule === 'npm')?.token ?? '';
  for (const word of [
    'secretlint-disable',
    'gitleaks:allow',
    'pragma: allowlist secret',
    'nosec',
  ]) {
    expect(await found(scanner, `# ${word}\n${token} # ${word}`)).toEqual(['token_patterns npm']);
  }
});

test('where it stands is told, so that it can be taken out', async () => {
  const token = TOKENS.find(({ rule }) => rule === 'stripe')?.token ?? '';
  const [finding] = await findings(scanner, `key=${token};`);
  expect(finding?.range).toEqual([4, 4 + token.length]);
});

test('random text is a hint, prose and code are not', async () => {
  const hinted = async (text: string) =>
    (await findings(scanner, text, ['entropy'])).map(({ detector }) => detector);
  expect(await hinted('key: aZ3kQ9xW2mB7vN5cL8pR4tY6uH1jG0fD')).toEqual(['entropy']);
  expect(await hinted('The quick brown fox jumps over the lazy dog, again and again')).toEqual([]);
  expect(await hinted('const requestHandlerForIncomingMessages = createHandler()')).toEqual([]);
});

const AROUND: readonly ((token: string) => string)[] = [
  (token) => token,
  (token) => `x${token}`,
  (token) => `Use ${token}, please`,
  (token) => `${token}${token}`,
  (token) => `https://x.example.test/?a=1&token=${token}#x`,
];

const DECODED = ['base64', 'base64url', 'hex', 'percent', 'gzip and base64', 'HTML escapes'];
