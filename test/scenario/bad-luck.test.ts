import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/backends/embedded/records.ts';
import type { FleetEvent } from '../../src/model/event.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { eventually } from '../eventually.ts';
import { builtProgram } from './built-program.ts';
import { endBottles, type FleetUnderTest } from './fleet-under-test.ts';
import { scenario } from './scenario.ts';
import { type SmallDisk, smallDisk } from './small-disk.ts';

const place = await embeddedUnderTest();
const OTHER_ROUTE = { 'desired-state/routes/api.yaml': 'routes:\n  - host: other.example.test\n' };
const HOUR_MS = 3_600_000;

if (place.kind === 'none') test.skip(`bad luck without an engine: ${place.reason}`);
else {
  const options = { engine: null, isEmbedded: true, timeoutMs: 300_000 } as const;

  scenario('a full disk must be told and must end no bottle', options, async (fleet) => {
    await using disk = await smallDisk(join(fleet.folder, 'state'));
    if (disk === null) return console.warn('SKIPPED a full disk: may not mount one');
    await using _ended = endedBefore(disk, fleet);
    await fleet.controller();
    await fleet.done('reconcile');
    const running = await runs(fleet);
    await disk.fill();
    await fleet.repository.commit(OTHER_ROUTE);
    const told = await fleet.bb('reconcile', '--timeout', '5s');
    expect(told.exitCode).not.toBe(0);
    expect(told.all).toMatch(/no space (?:is )?left/);
    const entered = await fleet.bb('exec', 'dev', '--', 'true');
    expect(entered.all).toMatch(
      /error: preparing the way into .*: no\s+space is left\s+free some space/,
    );
    expect(await runs(fleet)).toEqual(running);
    await disk.free();
    await fleet.done('reconcile');
    expect(await runs(fleet)).toEqual(running);
    await isInForce(fleet);
  });

  scenario(
    'a read-only state directory must be told and must end no bottle',
    options,
    async (fleet) => {
      await using disk = await smallDisk(join(fleet.folder, 'state'));
      if (disk === null) return console.warn('SKIPPED a read-only disk: may not mount one');
      await using _ended = endedBefore(disk, fleet);
      await fleet.done('reconcile');
      const running = await runs(fleet);
      await disk.setReadOnly(true);
      await fleet.repository.commit(OTHER_ROUTE);
      const told = await fleet.bb('reconcile');
      expect(told.exitCode).not.toBe(0);
      expect(told.all).toContain('the file system is read-only');
      expect(told.all).toContain('mount it writable');
      const entered = await fleet.bb('exec', 'dev', '--', 'true');
      expect(entered.all).toMatch(/read-only file\s+system\s+mount it writable/);
      expect((await fleet.bb('plan')).all).toContain('reload egress');
      expect(await runs(fleet)).toEqual(running);
      await disk.setReadOnly(false);
      await fleet.done('reconcile');
      await isInForce(fleet);
    },
  );

  scenario('what the hand of a person did to a sandbox must be undone', options, async (fleet) => {
    await fleet.controller();
    await fleet.done('reconcile');
    const blows: { readonly [blow: string]: (of: Paths) => Promise<unknown> } = {
      'the agent is killed': async ({ run }) =>
        process.kill((await run('dev')).init.pid, 'SIGKILL'),
      'the sidecars are killed': async ({ run }) =>
        process.kill((await run('dev-sidecars')).init.pid, 'SIGKILL'),
      'its network is ended': async ({ run }) =>
        process.kill((await run('dev-int')).init.pid, 'SIGKILL'),
      'the agent is removed from the books': ({ record }) => rm(record('dev')),
      'the books say another form': async ({ record }) => {
        const text = await readFile(record('dev'), 'utf8');
        await writeFile(record('dev'), text.replace(/"specHash":"[^"]*"/, '"specHash":"another"'));
      },
      'a run is removed from the books': ({ runPath }) => rm(runPath('dev')),
    };
    for (const [blow, strike] of Object.entries(blows)) {
      const known = (await events(fleet)).length;
      await strike(pathsOf(fleet));
      await eventually(
        `mended after: ${blow}`,
        async () => (await events(fleet)).length > known && (await isReady(fleet)),
        20_000,
      );
      expect((await fleet.bb('exec', 'dev', '--', 'true')).exitCode, blow).toBe(0);
      expect(await sandboxes(fleet), blow).toBe(3);
    }
    await isInForce(fleet);
  });

  scenario(
    'a state directory that is deleted while bottles run must cost no second bottle and no second owner',
    options,
    async (fleet) => {
      const first = await fleet.controller();
      await fleet.done('reconcile');
      expect(await sandboxes(fleet)).toBe(3);
      await rm(join(fleet.folder, 'state'), { recursive: true });
      await fleet.repository.commit(OTHER_ROUTE);
      await eventually(
        'the controller ends',
        () => first.lines.join(' ').includes('is gone'),
        40_000,
      );
      await fleet.done('reconcile');
      await isInForce(fleet);
      expect(await sandboxes(fleet)).toBe(3);
    },
  );

  for (const aheadMs of [HOUR_MS, -HOUR_MS]) {
    scenario(
      `a clock that is ${aheadMs / HOUR_MS} h ahead must change nothing`,
      options,
      async (fleet) => {
        const controller = await fleet.controller();
        await fleet.done('reconcile');
        const running = await runs(fleet);
        expect((await shifted(fleet, aheadMs, 'controller')).all).toContain(
          `pid ${controller.pid}`,
        );
        expect((await shifted(fleet, aheadMs, 'plan', '--detailed-exitcode')).exitCode).toBe(0);
        await controller.stop();
        expect((await shifted(fleet, aheadMs, 'reconcile')).exitCode).toBe(0);
        expect(await runs(fleet)).toEqual(running);
        await isInForce(fleet);
      },
    );
  }
}

/** Ends the bottles while their disk is there to be read and written. */
function endedBefore(disk: SmallDisk, fleet: FleetUnderTest): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await disk.free();
      await disk.setReadOnly(false);
      await endBottles(fleet);
    },
  };
}

interface Paths {
  record(name: string): string;
  runPath(name: string): string;
  run(name: string): Promise<RunRecord>;
}

function pathsOf({ folder, name: fleet }: FleetUnderTest): Paths {
  const path = (kind: string, name: string) =>
    join(folder, 'state/bb', fleet, 'embedded', kind, `bb-${fleet}-${name}.json`);
  const runPath = (name: string) => path('runs', name);
  return {
    record: (name) => path('records', name),
    runPath,
    run: async (name) => JSON.parse(await readFile(runPath(name), 'utf8')),
  };
}

/** Who runs as what: the same before and after means that nothing was started again. */
function runs(fleet: FleetUnderTest): Promise<readonly RunRecord[]> {
  const { run } = pathsOf(fleet);
  return Promise.all(['dev', 'dev-sidecars', 'dev-int'].map(run));
}

/** How many sandboxes of this fleet live on this machine, in the books or not. */
async function sandboxes({ folder }: FleetUnderTest): Promise<number> {
  const { stdout } = await execa('sh', ['-c', COUNT, 'sh', folder]);
  return Number(stdout);
}

/** Each writes its log below the fleet's folder, deleted or not; its outer process is called `bwrap`, or `sleep` where it keeps a network. */
const COUNT = `n=0
for p in /proc/[0-9]*; do
  comm=$(cat "$p/comm" 2>/dev/null)
  case "$comm $(readlink "$p/fd/1" 2>/dev/null)" in
    "bwrap $1"/* | "sleep $1"/*-int/log*) ;;
    *) continue ;;
  esac
  case "$(cat "/proc/$(sed -n 's/^PPid:[^0-9]*//p' "$p/status" 2>/dev/null)/comm" 2>/dev/null)" in bwrap) ;; *) n=$((n+1)) ;; esac
done
echo $n`;

async function shifted(fleet: FleetUnderTest, aheadMs: number, ...argv: readonly string[]) {
  const preload = resolve(import.meta.dirname, '../crash/shifted-clock.ts');
  return execa(await builtProgram(), [...fleet.globals, ...argv], {
    cwd: fleet.repository.root,
    env: {
      ...fleet.environment,
      NODE_OPTIONS: `--import=${preload}`,
      BB_TEST_CLOCK_AHEAD_MS: String(aheadMs),
    },
    ...{ extendEnv: false, reject: false, all: true, stdin: 'ignore' },
  });
}

function events(fleet: FleetUnderTest): Promise<readonly FleetEvent[]> {
  return fleet.json('events', '-n', '500');
}

async function isReady(fleet: FleetUnderTest): Promise<boolean> {
  const { bottles } = await fleet.status();
  return bottles.every(({ conditions }) =>
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
}

async function isInForce(fleet: FleetUnderTest): Promise<void> {
  expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
  expect(await isReady(fleet)).toBe(true);
}
