import { expect, test } from 'vitest';
import { checkLiveTables } from '../../../src/controller/audit/check-live-tables.ts';
import type { Revision } from '../../../src/model/names.ts';
import type { EgressStatus } from '../../../src/model/sidecar.ts';
import { renderEgressTable } from '../../../src/reconcilers/egress/render-table.ts';
import { bottle, HOST, route } from '../../builders/observed.ts';

const TIP = 'a'.repeat(40) as Revision;
const auth = { scheme: 'Bearer', secret: 'api' } as const;
const ENDED = '2020-01-01T00:00:00Z';

const STATUS = {
  sidecar: 'egress',
  state: 'ready',
  instance: 'one',
  startedAt: ENDED,
  generation: 1,
  loadedAt: ENDED,
  error: null,
  refusedGeneration: null,
  caPem: '',
} as const;

/** What is found where `dev` enforces what its spec gives, with these routes in the commit. */
async function found(live: ReturnType<typeof bottle>, wanted: ReturnType<typeof bottle>) {
  const { hash, ...table } = renderEgressTable(live, HOST, Date.parse('2026-01-01T00:00:00Z'));
  const egress: EgressStatus = { ...STATUS, ...table, tableHash: hash };
  const { findings } = await checkLiveTables(
    TIP,
    {},
    {
      files: {
        list: async () => [live.name],
        read: async () => ({ egress, supervise: null, bundle: null }),
      },
      bottlesAt: async () => ({ [wanted.name]: wanted }),
    },
  );
  return findings.map(({ about }) => about);
}

test('an ended route that closes its host without its credential is the one that the commit has', async () => {
  const host = 'api.example.test';
  const allowlist = [{ host, reason: null, expires: null }];
  const ended = bottle('dev', {
    egress: { routes: [route(host, { auth, expires: ENDED })] },
    allowlist,
  });
  expect(await found(ended, ended)).toEqual([]);
  const lasting = bottle('dev', { egress: { routes: [route(host, { auth })] }, allowlist });
  expect(await found(ended, lasting)).toEqual([
    `dev route: any method ${host} (every path) until ${ENDED}`,
  ]);
});
