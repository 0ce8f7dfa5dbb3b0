import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/fingerprint.ts';
import { desiredImageBuilds } from '../../src/reconcilers/image/image-build.ts';
import { desiredBottle } from '../builders/desired.ts';

const HOST = { agentImage: 'bb/agent:own', imageBase: 'base:1' };
const AGENT = 'ARG BASE\nFROM $BASE\nUSER root\nRUN make-agent\n';

/** What is built for a Dockerfile of an operator's. */
function builtOf(text: string): string | undefined {
  const digest = sha256(text);
  const image = { kind: 'dockerfile', path: 'images/dev.Dockerfile', digest } as const;
  const dev = desiredBottle('dev', { image });
  const desired = {
    bottles: { [dev.name]: dev },
    contents: new Map([[digest, new TextEncoder().encode(text)]]),
  };
  const [build] = desiredImageBuilds(desired, HOST, { dockerfile: AGENT }).values();
  return build?.dockerfile;
}

test('a Dockerfile is made an agent of, whatever it ends with', () => {
  const made = 'ARG BASE\nFROM $BASE\nRUN tool\n\nUSER root\nRUN make-agent\n';
  for (const end of [
    '',
    '\n',
    ' \\',
    ' \\\n',
    ' \\\n# more\n',
    ' \\\n\n \\\n  # more\\\n\t\n',
    '\r\n',
  ]) {
    expect(builtOf(`ARG BASE\nFROM $BASE\nRUN tool${end}`), JSON.stringify(end)).toBe(made);
  }
});

test('a Dockerfile keeps its own remarks and the lines that go on', () => {
  const text = 'FROM base\n# why\nRUN one \\\n  two\n';
  expect(builtOf(text)).toBe(`${text}\nUSER root\nRUN make-agent\n`);
});
