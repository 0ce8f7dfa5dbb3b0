import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BackendUnderTest, sharesFiles } from './backend-under-test.ts';
import { bottleUnderTest, shell } from './bottle-under-test.ts';

/** Copies into a folder and out of a file that the agent swaps for links to the host's, again and again. */
export function copyRacesContract(under: BackendUnderTest): void {
  if (!sharesFiles(under)) return;
  describe('copies that an agent races', { retry: 0 }, () => {
    it('reach what is inside and never what a link says outside', async () => {
      const outside = await mkdtemp(join(tmpdir(), 'bb-outside-'));
      try {
        await writeFile(join(outside, 'secret'), 'of the host');
        const [kit, note] = [`${under.keptFolder}/kit`, `${under.keptFolder}/note`];
        await using bottle = bottleUnderTest(under);
        const backend = under.open();
        const agent = bottle.ref('agent');
        await bottle.up(backend);
        await shell(backend, agent, `${swapping(kit, note, outside)} >/dev/null 2>&1 &`);
        const owner = bottle.agent.user;
        const read: string[] = [];
        let written = 0;
        for (
          let turn = 0;
          turn < 200 && (turn < 12 || written === 0 || read.length === 0);
          turn += 1
        ) {
          const file = { path: `new-${turn}`, content: Buffer.from('new'), mode: 0o644, ...owner };
          await backend.copyIn(agent, kit, [file]).then(
            () => {
              written += 1;
            },
            () => undefined,
          );
          const content = await backend.copyOut(agent, note, 100).catch(() => null);
          if (content !== null) read.push(Buffer.from(content).toString());
        }
        expect(written).toBeGreaterThan(0);
        expect(new Set(read)).toEqual(new Set(['mine']));
        expect(await readdir(outside)).toEqual(['secret']);
        expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('of the host');
      } finally {
        await rm(outside, { recursive: true });
      }
    }, 60_000);
  });
}

function swapping(kit: string, note: string, outside: string): string {
  return `
while :; do
  rm -rf ${kit} ${note}; mkdir ${kit}; printf mine > ${note}.new; mv ${note}.new ${note}; sleep 0.02
  rm -rf ${kit}; ln -s ${outside} ${kit}; ln -s ${outside}/secret ${note}.new; mv -T ${note}.new ${note}
done`;
}
