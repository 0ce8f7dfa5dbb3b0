import { expect, test } from 'vitest';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { runBb } from './run-bb.ts';

const CASES = [
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
  ['a terminal with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
  ['NO_COLOR and FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
] as const;

test.for(CASES)('%s', async ([_name, isTTY, environment, coloured]) => {
  const api = new FakeControllerApi();
  api.setBottles('dev');
  const { stdout } = await runBb(['status'], { api, isTTY, environment });
  expect(stdout.includes('\x1b[')).toBe(coloured);
});
