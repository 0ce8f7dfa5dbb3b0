import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProgram } from './built-program.ts';
import { hasTmux, Terminal } from './tmux.ts';

let home = '';
let built: Awaited<ReturnType<typeof buildProgram>>;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'bb-ui-'));
  built = await buildProgram();
});

afterAll(() => {
  built[Symbol.dispose]();
  rmSync(home, { recursive: true, force: true });
});

/** A shell that wrote BEFORE and runs the viewer; it writes the exit code and the terminal's settings after it. */
async function openViewer(
  name: string,
  more: { readonly [name: string]: string } = {},
): Promise<Terminal> {
  const terminal = new Terminal(home, name, {
    HOME: home,
    XDG_STATE_HOME: home,
    PS1: '$ ',
    CI: '',
    ...more,
  });
  const program = `${process.execPath} ${built.file} ui`;
  terminal.type(`clear; echo BEFORE; sh -c 'echo $$ > ${home}/${name}.pid; exec ${program}'; `);
  terminal.type('echo "AFTER $?"; stty -a | grep -o " -\\?icanon\\| -\\?echo "');
  terminal.press('Enter');
  await terminal.shows('▶ Agents (');
  return terminal;
}

function signal(name: string, kind: NodeJS.Signals): void {
  process.kill(Number(readFileSync(join(home, `${name}.pid`), 'utf8')), kind);
}

/** The shell's screen is back, in cooked mode, with a cursor. */
async function expectRestored(terminal: Terminal, exitCode: number): Promise<void> {
  await terminal.shows(new RegExp(`^AFTER ${exitCode}$`, 'm'));
  await terminal.shows(/^ icanon$/m);
  await terminal.shows(/^ echo$/m);
  expect(terminal.screen()).toContain('BEFORE');
  expect(terminal.screen()).not.toContain('▶ Agents');
  expect(terminal.modes()).toBe('0 1');
}

describe.skipIf(!hasTmux)('bb start in a terminal', () => {
  async function openShell(name: string): Promise<Terminal> {
    const terminal = new Terminal(home, name, { HOME: home, XDG_STATE_HOME: home, PS1: '$ ' });
    terminal.type(`clear; ${process.execPath} ${built.file} start; echo "AFTER $?"`);
    terminal.press('Enter');
    await terminal.shows('which one? [1-1, Enter for none]');
    terminal.type('1');
    terminal.press('Enter');
    await terminal.shows('start researcher-4k1zq? [y/N]');
    await terminal.shows(/routes +api\.example\.test: GET, POST \/v1\/\*, with secret example/);
    return terminal;
  }

  test('R25: N starts nothing', async () => {
    using terminal = await openShell('start-no');
    terminal.press('n', 'Enter');
    await terminal.shows('nothing was started');
    await terminal.shows(/^AFTER 0$/m);
    expect(terminal.screen()).not.toContain('IN THE BOTTLE');
  });

  test('y starts it and attaches when it is ready', async () => {
    using terminal = await openShell('start-yes');
    terminal.press('y', 'Enter');
    await terminal.shows('IN THE BOTTLE');
    terminal.type('hello');
    terminal.press('Enter');
    await terminal.shows('got hello');
    await terminal.shows(/^AFTER 3$/m);
  });
});

describe.skipIf(!hasTmux)('the viewer in a terminal', () => {
  test.for(['q', 'Escape', 'C-c'])('%s restores the terminal and exits 0', async (key) => {
    using terminal = await openViewer(`leave-${key}`);
    expect(terminal.modes()).toBe('1 0');
    terminal.press(key);
    await expectRestored(terminal, 0);
  });

  test.for(['SIGTERM', 'SIGINT'] as const)('%s restores the terminal', async (kind) => {
    using terminal = await openViewer(kind);
    signal(kind, kind);
    await expectRestored(terminal, 130);
  });

  test('R30: a crash restores the terminal and says where its log is', async () => {
    using terminal = await openViewer('crash');
    signal('crash', 'SIGUSR2');
    await expectRestored(terminal, 1);
    expect(terminal.screen()).toContain('the viewer broke: broken on purpose');
    const log = join(home, 'bb/home/logs/ui-crash.log');
    expect(terminal.screen().replaceAll('\n', '')).toContain(log);
    expect(existsSync(log) && readFileSync(log, 'utf8')).toContain('program.js');
  });

  test('a new size is drawn at once', async () => {
    using terminal = await openViewer('resize');
    terminal.resize(120, 40);
    await terminal.shows('REVISION');
    expect(terminal.screen().trimEnd().split('\n').length).toBeGreaterThan(36);
    terminal.resize(80, 24);
    await expect.poll(() => terminal.screen()).not.toContain('REVISION');
    await terminal.shows('q leave');
  });

  test('a long state is whole at 80 and at 120 columns', async () => {
    using terminal = await openViewer('words', { BB_TEST_AWAITING: 'nightly' });
    await terminal.shows(/nightly +researcher +AwaitingApproval +docker/);
    terminal.resize(120, 40);
    await terminal.shows(/nightly +researcher +AwaitingApproval +docker +aaaaaaaa/);
  });

  test('R1: what arrives is shown without a key', async () => {
    using terminal = await openViewer('arrival');
    signal('arrival', 'SIGUSR1');
    await terminal.shows('▶ Proposals (1)');
    await terminal.shows(/^> new/m);
  });

  test('attach lends the terminal and takes it back', async () => {
    using terminal = await openViewer('attach');
    terminal.press('Enter');
    await terminal.shows('IN THE BOTTLE');
    expect(terminal.screen()).not.toContain('▶ Agents');
    terminal.type('hello');
    terminal.press('Enter');
    await terminal.shows('back from dev-0 (exit code 3); it runs on');
    expect(terminal.modes()).toBe('1 0');
    terminal.press('j', 'q');
    await expectRestored(terminal, 0);
  });
});
