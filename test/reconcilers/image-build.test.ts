import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/fingerprint.ts';
import { desiredImageBuilds } from '../../src/reconcilers/image/image-build.ts';
import { desiredBottle } from '../builders/desired.ts';

const HOST = { agentImage: 'bb/agent:own', imageBase: 'base:1', rootfs: {} };
const AGENT = 'ARG BASE\nFROM $BASE\nUSER root\nRUN make-agent\n';

/** What is built for a Dockerfile of an operator's. */
function builtOf(text: string): string | undefined {
  const digest = sha256(text);
  const path = 'images/dev.Dockerfile';
  const image = { kind: 'dockerfile', path, digest, context: [] } as const;
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

test('an image has the files that it takes in, and another name when one of them changed', () => {
  const text = 'FROM base\nCOPY bin /opt\n';
  const digest = sha256(text);
  const imageWith = (tool: string, executable = true) => {
    const file = { path: 'bin/tool', executable, digest: sha256(tool) };
    const path = 'images/dev.Dockerfile';
    const dev = desiredBottle('dev', {
      image: { kind: 'dockerfile', path, digest, context: [file] },
    });
    const bytes = (each: string) => [sha256(each), new TextEncoder().encode(each)] as const;
    const desired = { bottles: { [dev.name]: dev }, contents: new Map([text, tool].map(bytes)) };
    const [build] = desiredImageBuilds(desired, HOST, { dockerfile: AGENT }).values();
    if (build === undefined) throw new Error('nothing is built');
    return build;
  };
  const { reference, context, executable } = imageWith('one');
  expect(new TextDecoder().decode(context.get('bin/tool'))).toBe('one');
  expect(executable).toEqual(new Set(['bin/tool']));
  expect(imageWith('one').reference).toBe(reference);
  expect(imageWith('two').reference).not.toBe(reference);
  expect(imageWith('one', false).reference).not.toBe(reference);
});

test('a Dockerfile keeps its own remarks and the lines that go on', () => {
  const text = 'FROM base\n# why\nRUN one \\\n  two\n';
  expect(builtOf(text)).toBe(`${text}\nUSER root\nRUN make-agent\n`);
});

test('a root file system of the host is one image for all that name it, another one in another folder', () => {
  const spec = { image: { kind: 'rootfs', name: 'debian' } } as const;
  const [dev, more] = [desiredBottle('dev', spec), desiredBottle('more', spec)];
  const desired = { bottles: { [dev.name]: dev, [more.name]: more }, contents: new Map() };
  const built = (folder: string) =>
    [
      ...desiredImageBuilds(
        desired,
        { ...HOST, rootfs: { debian: { path: folder, identity: null } } },
        { dockerfile: AGENT },
      ).values(),
    ].map(({ reference, rootfs }) => ({ reference, rootfs }));
  const [first, ...others] = built('/srv/debian');
  expect([first?.rootfs, others]).toEqual(['/srv/debian', []]);
  expect(built('/srv/debian')[0]?.reference).toBe(first?.reference);
  expect(built('/srv/other')[0]?.reference).not.toBe(first?.reference);
  expect([...desiredImageBuilds(desired, HOST, { dockerfile: AGENT })]).toEqual([]);
});
