import childProcess from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import fs from 'node:fs';
import type { ClientRequest } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

/**
 * Loaded before the built `bb` by `node --import`, and by nothing else: counts the steps by which the process changes the
 * world, and kills it with SIGKILL before a chosen one. A file is changed in one step; a program is started in one and
 * left running in the next; a request to an engine is made in one and is on its way in the next. What it is told stands
 * in `BB_TEST_DEATH`.
 */
export interface Death {
  /** Gets a line for each step, before the step is done. */
  readonly log: string;
  /** 1-based; null only counts. */
  readonly step: number | null;
}

const CHANGES = [
  ...['appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'link', 'mkdir', 'mkdtemp', 'open'],
  ...['rename', 'rm', 'rmdir', 'symlink', 'truncate', 'unlink', 'writeFile'],
];
/** The rest of git only looks. */
const GIT_CHANGES = [
  'fast-import',
  'fetch',
  'push',
  'unpack-objects',
  'update-index',
  'update-ref',
];

const raw = process.env['BB_TEST_DEATH'];
const { appendFileSync } = fs;
delete process.env['NODE_OPTIONS'];
if (raw !== undefined && process.argv[1]?.endsWith('dist/cli/main.js') === true) {
  delete process.env['BB_TEST_DEATH'];
  arm(JSON.parse(raw));
}

function arm({ log, step }: Death): void {
  let steps = 0;
  /** One call of Node's may make others of its own. */
  let isInside = false;
  const inside = (work: () => unknown): unknown => {
    isInside = true;
    try {
      return work();
    } finally {
      isInside = false;
    }
  };
  const reach = (what: string): void => {
    steps += 1;
    inside(() => appendFileSync(log, `${what}\n`));
    if (steps === step) process.kill(process.pid, 'SIGKILL');
  };
  const replace = (
    module: object,
    name: string,
    describe: (args: readonly unknown[]) => string | null,
    after: (what: string) => void,
  ): void => {
    const call: unknown = Reflect.get(module, name);
    if (typeof call !== 'function') return;
    Reflect.set(module, name, function (this: unknown, ...args: readonly unknown[]): unknown {
      const what = isInside ? null : describe(args);
      if (what === null) return Reflect.apply(call, this, args);
      reach(what);
      const result = inside(() => Reflect.apply(call, this, args));
      after(what);
      return result;
    });
  };
  for (const name of CHANGES) {
    const describe = (args: readonly unknown[]) => describeFile(name, args);
    replace(fs.promises, name, describe, () => undefined);
    replace(fs, `${name}Sync`, describe, () => undefined);
  }
  const running = (what: string) => reach(`${what}, running`);
  replace(childProcess, 'spawn', ([program, args]) => describeProgram(program, args), running);
  syncBuiltinESMExports();
  diagnostics.subscribe('http.client.request.start', (message) => {
    const { request } = message as { readonly request: ClientRequest };
    if (['GET', 'HEAD'].includes(request.method)) return;
    const what = `${request.method} ${request.path.replace(/\?.*/, '')}`;
    reach(what);
    request.once('finish', () => reach(`${what}, on its way`));
  });
}

/** Null for a file that is opened to be read. */
function describeFile(name: string, [path, second]: readonly unknown[]): string | null {
  if (name === 'open' && (second === undefined || second === 'r' || typeof second === 'number'))
    return null;
  if (name === 'mkdir' && fs.existsSync(String(path))) return null;
  const target = ['rename', 'link', 'symlink'].includes(name) ? second : path;
  return `${name} ${basename(String(target))}`;
}

function describeProgram(program: unknown, args: unknown): string | null {
  const words = Array.isArray(args) ? args.map(String) : [];
  if (program !== 'git') return `run ${basename(String(program))}`;
  const change = words.find((word) => GIT_CHANGES.includes(word));
  return change === undefined ? null : `git ${change}`;
}
