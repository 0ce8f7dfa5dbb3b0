import {
  chmodSync,
  chownSync,
  cpSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseBottleName } from '../../src/model/names.ts';
import type { EgressStatus } from '../../src/model/sidecar.ts';
import { bottleLayout } from '../../src/model/state-layout.ts';
import { eventually } from '../eventually.ts';
import type { AttackedFleet } from './attacked-fleet.ts';
import { API, SECOND } from './attacked-upstreams.ts';
import { exchangeAll } from './inside.ts';
import { descendantsOf } from './process-tree.ts';
import { PATIENCE_MS } from './trying-agent.ts';

/** What becomes of a generation that the controller wrote; `table` is its file. */
const BROKEN: { readonly [name: string]: (table: string) => void } = {
  empty: (table) => writeFileSync(table, ''),
  'cut off': (table) => writeFileSync(table, readFileSync(table).subarray(0, -40)),
  missing: (table) => rmSync(table),
  'of another text than its hash': (table) =>
    writeFileSync(table, readFileSync(table, 'utf8').replace('"/public/"', '"/"')),
  unreadable: (table) => chmodSync(table, 0),
};

/** What egress allows when its table is none. */
export function tableAttacks(attacked: () => AttackedFleet): void {
  describe('a broken table', () => {
    test('opens nothing while another is in force, nor when egress starts with it, and the status says so', {
      timeout: 4 * PATIENCE_MS,
    }, async (context) => {
      const { fleet, place, unattended } = attacked();
      const pid = await place.sidecarsPid(fleet, 'dev');
      if (pid === null) return context.skip('gVisor’s processes are not this machine’s');
      const name = parseBottleName('dev');
      if (name === undefined) throw new Error('dev is a name');
      const layout = bottleLayout(join(fleet.folder, 'state/bb', fleet.name), name);
      const status = (): EgressStatus =>
        JSON.parse(readFileSync(join(layout.egressOut, 'status.json'), 'utf8'));
      const current = join(layout.egressIn, 'current');
      const good = realpathSync(current);
      const lead = (folder: string): void => {
        symlinkSync(basename(folder), `${current}.new`);
        renameSync(`${current}.new`, current);
      };
      await unattended(async () => {
        for (const [index, [broken, damage]] of Object.entries(BROKEN).entries()) {
          const folder = `${good}-broken-${index}`;
          cpSync(good, folder, { recursive: true, preserveTimestamps: true });
          giveTo(statSync(good), folder);
          damage(join(folder, 'table.json'));
          lead(folder);
          await eventually(`${broken} is refused`, () => status().error !== null);
          expect(status().state, broken).toBe('ready');
          expect(await answers(), broken).toEqual({ api: '200', closed: '403', second: '200' });
          const { instance } = status();
          for (const each of egressOf(pid)) process.kill(each, 'SIGKILL');
          await eventually(
            `egress starts again`,
            () => status().instance !== instance,
            PATIENCE_MS,
          );
          expect(status(), broken).toMatchObject({ state: 'degraded', generation: 0, routes: [] });
          expect(await answers(), broken).toEqual({ api: '403', closed: '403', second: '403' });
          expect((await fleet.bb('status')).all, broken).toContain('degraded');
          lead(good);
          await eventually('the good one is taken', () => status().state === 'ready');
          expect(await answers(), broken).toEqual({ api: '200', closed: '403', second: '200' });
          rmSync(folder, { recursive: true });
        }
      });
      await fleet.done('reconcile');
    });

    async function answers(): Promise<{ readonly [name: string]: string }> {
      const ask = (name: string, target: string, path: string) => ({
        ...{ name, tunnel: { target } },
        send: `GET ${path} HTTP/1.1\r\nHost: ${target}\r\nX-Team: blue\r\n\r\n`,
      });
      const given = await exchangeAll(attacked().fleet, [
        ask('api', API, '/public/table'),
        ask('closed', API, '/closed'),
        ask('second', SECOND, '/x'),
      ]);
      return Object.fromEntries(
        Object.entries(given).map(([name, text]) => [name, text.slice(9, 12)]),
      );
    }
  });
}

/** To the user that sidecars run as. */
function giveTo({ uid, gid }: Stats, folder: string): void {
  for (const path of [folder, ...readdirSync(folder).map((name) => join(folder, name))]) {
    chownSync(path, uid, gid);
  }
}

/** The program itself, however it was started. */
function egressOf(sidecars: number): readonly number[] {
  return descendantsOf(sidecars).filter((pid) =>
    /egress[^\0]*\.m?[jt]s/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
  );
}
