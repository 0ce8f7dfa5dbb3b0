import { expect, test } from 'vitest';
import { judgeRequest } from '../../../src/controller/audit/judge-request.ts';
import { egressRoute } from '../../builders/desired.ts';
import { bottleName } from '../../builders/observed.ts';

const HOST = 'search.example.test';
const rules = (getBody: boolean) => ({
  bottle: bottleName('dev'),
  routes: [egressRoute(HOST, getBody ? { getBody } : {})],
  allowlist: [],
  deny: [],
  secrets: [],
});
const asking = (method: string) =>
  ({
    scheme: 'https',
    authority: { host: HOST, port: 443 },
    method,
    path: '/_search',
    query: '',
    headers: new Map(),
  }) as const;

test('of GET it is told where it may come with a body', () => {
  const reasonOf = (getBody: boolean, method: string) =>
    judgeRequest(rules(getBody), asking(method), 0).reason;
  expect(reasonOf(true, 'GET')).toBe('a route lets it through, also with a body');
  expect(reasonOf(true, 'POST')).toBe('a route lets it through');
  expect(reasonOf(false, 'GET')).toBe('a route lets it through');
});
