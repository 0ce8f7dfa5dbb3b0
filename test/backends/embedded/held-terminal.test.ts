import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOnPath } from '../../../src/backends/embedded/on-path.ts';
import { quote } from '../../../src/backends/embedded/quote.ts';
import { bottleUnderTest } from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const hasDtach = isOnPath('dtach', process.env['PATH']);

/** Says its process, then each line that it is given; ends with the code that a line names. */
const ECHO = `echo "begun $$"; while read -r word rest; do
  [ "$word" = exit ] && exit "$rest"; echo "heard $word by $$"; done`;

/** A person's terminal that a command line runs in. */
function openTerminal(argv: readonly string[]) {
  const command = `stty rows 24 cols 80; exec ${argv.map(quote).join(' ')}`;
  const terminal: ChildProcess = spawn('script', ['-qefc', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  let text = '';
  terminal.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  const exited = once(terminal, 'exit');
  return {
    seen: async (pattern: RegExp) => {
      await expect.poll(() => text, { timeout: 15_000 }).toMatch(pattern);
      return pattern.exec(text)?.[1] ?? '';
    },
    type: (line: string) => terminal.stdin?.write(`${line}\n`),
    /** As when its window is closed. */
    async close() {
      terminal.kill('SIGKILL');
      await exited;
    },
    exitCode: async () => (await exited)[0],
  };
}

describe.skipIf(embedded.kind === 'none')('embedded: terminals', () => {
  if (embedded.kind === 'none') return;
  const { under } = embedded;

  it.runIf(hasDtach)(
    'a held terminal goes on when its window is closed, and is given back',
    async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      const agent = bottle.ref('agent');
      await bottle.up(backend);
      const attach = (argv: readonly string[]) =>
        openTerminal(backend.attachCommand(agent, argv, 'own'));
      const first = attach(['sh', '-c', ECHO]);
      const pid = await first.seen(/begun (\d+)/);
      await first.close();
      expect(await backend.isBusy(agent)).toBe(true);

      const again = attach(['echo', 'never']);
      again.type('hello');
      await again.seen(new RegExp(`heard hello by ${pid}`));
      const beside = attach(['echo', 'never']);
      beside.type('also');
      await again.seen(new RegExp(`heard also by ${pid}`));
      again.type('exit 7');
      expect(await again.exitCode()).toBe(7);
      expect(await beside.exitCode()).toBe(7);
      await expect.poll(() => backend.isBusy(agent)).toBe(false);

      const anew = attach(['sh', '-c', ECHO]);
      expect(await anew.seen(/begun (\d+)/)).not.toBe(pid);
      anew.type('exit 0');
      expect(await anew.exitCode()).toBe(0);
    },
  );

  it.runIf(hasDtach)('what ends at once is still seen, and how it ended', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    await bottle.up(backend);
    const argv = ['sh', '-c', 'echo all that it says; exit 3'];
    const terminal = openTerminal(backend.attachCommand(bottle.ref('agent'), argv, 'own'));
    await terminal.seen(/all that it says/);
    expect(await terminal.exitCode()).toBe(3);
  });

  it('a terminal that is not held, or that nothing can hold, ends with its window', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    const agent = bottle.ref('agent');
    await bottle.up(backend);
    const path = process.env['PATH'] ?? '';
    const commands = [backend.attachCommand(agent, ['sh', '-c', ECHO])];
    try {
      process.env['PATH'] = path
        .split(delimiter)
        .filter((folder) => !isOnPath('dtach', folder))
        .join(delimiter);
      commands.push(backend.attachCommand(agent, ['sh', '-c', ECHO], 'own'));
    } finally {
      process.env['PATH'] = path;
    }
    for (const command of commands) {
      const terminal = openTerminal(command);
      await terminal.seen(/begun (\d+)/);
      expect(await backend.isBusy(agent)).toBe(true);
      await terminal.close();
      await expect.poll(() => backend.isBusy(agent)).toBe(false);
    }
  });
});
