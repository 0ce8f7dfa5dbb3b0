import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'rolldown';
import { keepCompiledCode } from './compiled-code.ts';

/**
 * Builds `dist/`: the command line in chunks that load when a command needs them, with packages left where npm put them;
 * each sidecar as one file that needs nothing beside it, readable, since it is copied into bottles.
 *
 * One that fails does not stop the others; the exit code is 1 then.
 */
const root = join(import.meta.dirname, '..');

const shared = {
  cwd: root,
  platform: 'node',
  transform: { target: 'node24' },
  logLevel: 'warn',
} satisfies BuildOptions;

/**
 * An `import` of a Node module evaluates every export, WebSocket and the list of root certificates among them. Asking
 * for the module instead saves a sidecar 20 MB and 30 ms, and each command as long.
 */
const leanBuiltins: Plugin = {
  name: 'lean-builtins',
  renderChunk: (code) =>
    code.replace(
      /^import (?:(?:\* as )?([\w$]+))?(?:, )?(?:\{ (.+) \})? from "(node:[\w/]+)";$/gm,
      (_, whole: string | undefined, names: string | undefined, module: string) => {
        // A package may import `process` itself, under that name.
        const asked = `globalThis.process.getBuiltinModule("${module}")`;
        const bound = names === undefined ? [] : [`{ ${names.replaceAll(' as ', ': ')} }`];
        const all = whole === undefined ? bound : [whole, ...bound];
        return all.map((each) => `const ${each} = ${asked};`).join(' ');
      },
    ),
};

/** The viewer's packages load assets of their own; it is opened once and stays. */
const UNBUNDLED = /^(?:ink|react|react-devtools-core)(?:\/|$)/;

/** dockerode speaks SSH and gRPC too; loading those costs 100 ms of every command, and bb uses neither. */
const withoutTransports: Plugin = {
  name: 'without-transports',
  resolveId: {
    filter: { id: /^(?:ssh2|@grpc\/(?:grpc-js|proto-loader)|protobufjs)$/ },
    handler: (id) => ({ id: `\0absent:${id}` }),
  },
  load: {
    filter: { id: /^\0absent:/ },
    handler: () => 'export default {};',
  },
};

const outcomes = await Promise.allSettled([
  buildCli(),
  buildSidecar('bundle'),
  buildSidecar('egress'),
  buildSidecar('supervise'),
]);
for (const outcome of outcomes) {
  if (outcome.status === 'fulfilled') continue;
  process.exitCode = 1;
  console.error(outcome.reason instanceof Error ? outcome.reason.message : outcome.reason);
}
if (process.exitCode === undefined) await keepCompiledCode(root);

async function buildCli(): Promise<void> {
  const input = 'src/cli/main.ts';
  if (isAbsent(input)) return;
  const { output } = await build({
    ...shared,
    input,
    external: UNBUNDLED,
    plugins: [withoutTransports, leanBuiltins],
    output: {
      dir: 'dist/cli',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
    },
  });
  const written = new Set(output.map(({ fileName }) => fileName));
  const chunks = join(root, 'dist/cli/chunks');
  for (const name of existsSync(chunks) ? readdirSync(chunks) : []) {
    if (!written.has(`chunks/${name}`)) rmSync(join(chunks, name));
  }
}

async function buildSidecar(name: string): Promise<void> {
  const input = `src/sidecars/${name}/main.ts`;
  if (isAbsent(input)) return;
  await build({
    ...shared,
    input,
    plugins: [leanBuiltins],
    output: {
      file: `dist/sidecars/${name}.js`,
      format: 'esm',
      codeSplitting: false,
      minify: false,
    },
  });
}

/** The parts are written over time; one that is not there yet is not an error of the others. */
function isAbsent(entry: string): boolean {
  return !existsSync(join(root, entry));
}
