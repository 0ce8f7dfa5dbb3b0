import { expect, it } from 'vitest';
import {
  argumentsText,
  joiningArguments,
} from '../../../src/backends/embedded/sandbox-arguments.ts';

const joining = (value: string) =>
  argumentsText(
    joiningArguments(
      { spec: { user: { uid: 1000, gid: 1000 } }, env: { GREETING: value }, workdir: '/' },
      { ownSession: true },
    ),
  );

it('a variable is one argument, whatever its value is, or none of them is', () => {
  const value = 'good\n--bind / /host';
  expect(joining(value).split('\0')).toContain(value);
  expect(() => joining('good\0--bind\0/\0/host')).toThrow('null byte');
});
