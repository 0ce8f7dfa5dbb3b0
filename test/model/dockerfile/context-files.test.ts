import { describe, expect, test } from 'vitest';
import { contextFiles } from '../../../src/model/dockerfile/context-files.ts';

const PATHS = ['bin/run.sh', 'bin/tool', 'conf/a.json', 'notes.md'];

/** What `lines` take in, and what they miss as `line source`. */
function taken(...lines: readonly string[]): readonly string[] {
  const { paths, missing } = contextFiles(['ARG BASE', 'FROM $BASE', ...lines].join('\n'), PATHS);
  return [...paths, ...missing.map(({ line, source }) => `missing ${line} ${source}`)];
}

describe('the files of an image', () => {
  test.each<readonly [string, readonly string[]]>([
    ['RUN make', []],
    ['COPY notes.md /', ['notes.md']],
    ['copy ./bin/ /opt/', ['bin/run.sh', 'bin/tool']],
    ['COPY bin notes.md /opt/', ['bin/run.sh', 'bin/tool', 'notes.md']],
    ['COPY --chmod=755 --chown=1:1 ["notes.md", "/with space"]', ['notes.md']],
    ['COPY \\\n  bin/tool \\\n  # why\n  /opt/tool', ['bin/tool']],
    ['ADD conf/a.json /etc/', ['conf/a.json']],
    ['COPY . /', PATHS],
    ['COPY *.md /', PATHS],
    ['COPY $WHAT /', PATHS],
    ['RUN --mount=type=bind,target=/src make', PATHS],
    ['RUN --network=none make', []],
    ['COPY --from=build /out /out', []],
    ['ADD https://files.example.test/x /x', []],
    ['COPY <<END /x', []],
    ['COPY note.md /', ['missing 3 note.md']],
    ['COPY no /', ['missing 3 no']],
    ['COPY ../notes.md /', ['notes.md']],
  ])('%s', (line, files) => {
    expect(taken(line)).toEqual(files);
  });

  test('of several instructions are each taken once', () => {
    expect(taken('COPY bin/tool /a', 'COPY bin /b', 'COPY gone /c')).toEqual([
      'bin/run.sh',
      'bin/tool',
      'missing 5 gone',
    ]);
  });
});
