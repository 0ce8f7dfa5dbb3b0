import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageBuild } from '../../../src/model/component.ts';
import { uniqueFleet } from '../../contract/backend-under-test.ts';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const bytes = (text: string) => new TextEncoder().encode(text);

describe.skipIf(embedded.kind === 'none')('embedded: images from a Dockerfile', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;

  /** Builds `FROM` the image of the tests with these instructions. */
  async function built(lines: readonly string[], context: ImageBuild['context'] = new Map()) {
    const reference = `bb/test-built:${uniqueFleet()}`;
    const said: string[] = [];
    const dockerfile = `ARG BASE\nFROM $BASE\n${lines.join('\n')}\n`;
    const build = { reference, dockerfile, buildArgs: { BASE: under.image }, context };
    await under.open().ensureImage(build, (line) => said.push(line));
    return { reference, said };
  }

  async function inside(image: string, script: string): Promise<string> {
    await using bottle = bottleUnderTest(under, 'dev', { agent: { image } });
    const backend = under.open();
    await bottle.up(backend);
    return await shell(backend, bottle.ref('agent'), script);
  }

  const failure = (lines: readonly string[], context?: ImageBuild['context']) =>
    built(lines, context).then(
      () => 'built',
      (error: Error) => error.message,
    );

  it('what RUN and COPY put there is in the bottle, ENV in its environment, the rest as it was', async () => {
    const context = new Map([
      ['tool.sh', bytes('#!/bin/sh\necho the tool works\n')],
      ['data/a/one', bytes('1')],
    ]);
    const { reference, said } = await built(
      [
        'ENV GREETING="good day" PLACE=/srv/data',
        'COPY tool.sh /usr/bin/tool',
        'RUN chmod 755 /usr/bin/tool && echo made > /etc/made.conf && mkdir /new && echo new > /new/file',
        'WORKDIR $PLACE',
        'COPY data .',
        'RUN rm /usr/bin/tac && ln -s /usr/bin/tool /usr/local/bin/link',
        'RUN echo at home > /home/agent/.made',
      ],
      context,
    );
    expect(said).toContain('Step 1/6 : COPY tool.sh /usr/bin/tool');
    const script = [
      ...['tool', 'link', 'echo $GREETING', 'cat /etc/made.conf /new/file /srv/data/a/one', 'echo'],
      ...['cat ~/.made', 'command -v tac || echo no tac', 'command -v cat', 'cat /etc/hostname'],
      ...['echo $HOME', 'id -u'],
    ];
    expect((await inside(reference, script.join('\n'))).split('\n')).toEqual([
      ...['the tool works', 'the tool works', 'good day', 'made', 'new', '1'],
      ...['at home', 'no tac', '/usr/bin/cat', 'dev', '/home/agent', '1000'],
    ]);
    expect(await inside(under.image, 'command -v tool || echo no tool')).toBe('no tool');
    expect(readdirSync(join(directory, 'images')).filter((name) => name.endsWith('.tmp'))).toEqual(
      [],
    );
  }, 60_000);

  it('nothing of it can be changed in the bottle', async () => {
    const { reference } = await built([
      'RUN mkdir /new && chmod -R 777 /new && chmod 777 /etc /usr/bin',
    ]);
    const tries = ['/new/x', '/usr/bin/x', '/etc/x', '/opt/x', '/.bb/x', '/x'].map(
      (path) => `(echo 1 > ${path}) 2>/dev/null && echo wrote ${path}`,
    );
    expect(await inside(reference, `${tries.join('; ')}; echo 1 > ~/x && cat ~/x`)).toBe('1');
  }, 60_000);

  it('a step that fails ends the build with its line and the last that it said', async () => {
    const lines = ['RUN true', 'RUN for n in $(seq 60); do echo line $n; done; exit 3'];
    const message = await failure(lines);
    expect(message).toContain('Dockerfile:4 RUN for n in');
    expect(message).toContain('exit code 3');
    expect(message.split('\n')).toContain('line 60');
    expect(message.split('\n')).not.toContain('line 20');
  }, 60_000);
});
