import { describe, expect, it } from 'vitest';
import { buildSteps } from '../../../src/model/dockerfile/build-steps.ts';

const read = (text: string, args = { BASE: 'the-base' }) => buildSteps(text, args);

function problems(text: string): readonly string[] {
  const result = read(text);
  return result.ok ? [] : result.problems.map(({ line, message }) => `${line}: ${message}`);
}

describe('a Dockerfile that is built without an engine', () => {
  it('comes to its steps, each with its place, user and environment', () => {
    const result = read(`# what an agent has
ARG BASE
FROM \${BASE} AS agent
ENV TOOLS=/opt/tools GREETING="two words" QUIET='$TOOLS'
WORKDIR /srv
WORKDIR work
COPY a.txt dir/ $TOOLS/
RUN echo one \\
  # of a remark within
  two > file
USER 1000
RUN ["cp", "file", "other"]
`);
    expect(result.ok && result.value.base).toBe('the-base');
    const env = { TOOLS: '/opt/tools', GREETING: 'two words', QUIET: '$TOOLS' };
    expect(result.ok && result.value.env).toEqual(env);
    const root = { uid: 0, gid: 0 };
    expect(result.ok && result.value.steps).toMatchObject([
      { kind: 'workdir', line: 5, workdir: '/srv', env, user: root },
      { kind: 'workdir', line: 6, workdir: '/srv/work' },
      { kind: 'copy', line: 7, sources: ['a.txt', 'dir/'], target: '/opt/tools/' },
      { kind: 'run', line: 8, argv: ['/bin/sh', '-c', 'echo one   two > file'], user: root },
      { kind: 'run', line: 12, argv: ['cp', 'file', 'other'], user: { uid: 1000, gid: 1000 } },
    ]);
  });

  it('refuses null characters, which would end one argument of a program and begin another', () => {
    const nul = '\0--bind\0/\0/host';
    for (const line of [`ENV A=1${nul}`, `ARG A=1${nul}`, `RUN a${nul}`, `WORKDIR /a${nul}`]) {
      expect(problems(`FROM x\n${line}\n`), line).toEqual(['2: it holds a null character']);
    }
    expect(problems('FROM x\nRUN ["a\\u0000b"]\n')).toEqual(['2: it holds a null character']);
    expect(problems('FROM x\nCOPY ["a", "/b\\u0000"]\n')).toEqual(['2: it holds a null character']);
    expect(problems('FROM x\nENV A=1\\0--bind\nRUN ["printf", "\\\\0"]\n')).toEqual([]);
  });

  it('gives variables their words where they have no value', () => {
    const result = read(`FROM x\nARG A=1\nENV B=\${A:-0} C=\${NONE:-else} D=\${A:+some} E=\\$A\n`);
    expect(result.ok && result.value.env).toEqual({ B: '1', C: 'else', D: 'some', E: '$A' });
  });

  it('is refused with all that is beyond it, line by line', () => {
    expect(
      problems(`FROM x
CMD ["sh"]
ADD https://192.0.2.1/x /x
COPY --from=other /x /x
COPY ../secret /x
COPY a/../../b /x
COPY *.txt /x/
RUN --mount=type=secret true
RUN cat <<EOF
USER somebody
FROM y
VOLUME /data`),
    ).toEqual([
      '2: CMD is not built without an engine, only FROM, ARG, COPY, RUN, ENV, WORKDIR, USER are',
      '3: ADD is not built without an engine, only FROM, ARG, COPY, RUN, ENV, WORKDIR, USER are',
      '4: COPY --from is not built without an engine',
      '5: COPY ../secret leads out of the build context',
      '6: COPY a/../../b leads out of the build context',
      '7: COPY *.txt is a pattern: name the file or its folder',
      '8: RUN --mount=type=secret is not built without an engine',
      expect.stringContaining('9: RUN with a heredoc'),
      '10: USER somebody is no number and none of root, agent, nobody',
      '11: a second FROM: only one stage is built without an engine',
      '12: VOLUME is not built without an engine, only FROM, ARG, COPY, RUN, ENV, WORKDIR, USER are',
    ]);
    expect(problems('FROM x\nCOPY a/../b /x\n')).toEqual([]);
  });

  it('says what is wrong with another character for lines that go on, and what to do', () => {
    expect(problems('# escape=`\nFROM x\nRUN one `\n  two\n')).toEqual([
      expect.stringMatching(/^1: has an `# escape=` directive.*: remove the directive/),
    ]);
  });

  it('takes the directive that changes nothing', () => {
    expect(problems('# escape=\\\nFROM x\nRUN one \\\n  two\n')).toEqual([]);
  });

  it.each([
    '',
    '# nothing',
    'ARG BASE',
    'RUN x',
    'FROM',
    '\\',
    'FROM $NONE',
    'FROM x\nENV =\nCOPY\nARG',
    '["',
  ])('refuses %j instead of failing', (text) => expect(problems(text)).not.toEqual([]));
});
