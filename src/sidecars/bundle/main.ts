import { writeSync } from 'node:fs';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { BundleStatus } from '../../model/sidecar.ts';
import { listenDescriptors } from '../listen-endpoint.ts';
import { sidecarFolders } from '../sidecar-root.ts';
import { StatusReport } from '../status-report.ts';
import { compileCache } from './compile-cache.ts';
import { lineOutput } from './line-output.ts';
import { Program } from './program.ts';
import { ALLOCATOR, LOOKUP_THREADS, listPrograms } from './program-list.ts';
import { secondGate } from './second-gate.ts';

// PID 1 of the sidecars component: starts the programs in order, keeps each alive, passes signals on. The programs of
// today start no processes of their own; whoever adds one that does has to leave no orphans, because Node reaps only
// its own children.

const STDOUT = 1;
const STOP_GRACE_MS = 3000;
const MAX_BACKOFF_MS = 30_000;

const folders = sidecarFolders(process.env);
const print = lineOutput((text) => writeSync(STDOUT, text));
const status = new StatusReport(folders.bundleOut, (problem) => say('bundle', problem));
const programFolder = process.env['BB_SIDECAR_PROGRAMS'] ?? import.meta.dirname;

const compiled = compileCache(programFolder, '/tmp/compile-cache', process.geteuid?.() ?? 0);

const gate = await secondGate(folders.egressIn, {
  environment: process.env,
  backoffMs,
  onLine: (line) => say('pipelock', line),
  onChange: () => report(),
});

const programs = listPrograms(programFolder, process.execPath).map(
  ({ name, command }) =>
    new Program({
      name,
      command,
      env: {
        ...ALLOCATOR,
        ...compiled,
        ...(name === 'egress' ? LOOKUP_THREADS : {}),
        ...process.env,
        ...(gate === null ? {} : { BB_UPSTREAM_PROXY: gate.endpoint }),
      },
      descriptors: listenDescriptors(process.env),
      onLine: (line) => say(name, line),
      onChange: report,
      backoffMs,
    }),
);
gate?.start();
for (const program of programs) program.start();
report();

process.on('SIGHUP', () => {
  for (const program of programs) program.signal('SIGHUP');
});
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
// Something must be there to wait for, also where no program is installed.
setInterval(() => undefined, 2 ** 30);

function report(): void {
  const now: BundleStatus =
    gate === null
      ? { programs: programs.map((program) => program.status) }
      : {
          programs: [gate.program, ...programs].map((program) => program.status),
          pipelock: gate.status,
        };
  status.tell(now);
}

function say(name: string, line: string): void {
  print(`${name} | ${sanitizeLine(line, 16_384)}`);
}

function backoffMs(failures: number): number {
  return Math.min(100 * 2 ** (failures - 1), MAX_BACKOFF_MS);
}

async function stop(): Promise<void> {
  await Promise.all([gate, ...programs].map((part) => part?.stop(STOP_GRACE_MS)));
  process.exit(0);
}
