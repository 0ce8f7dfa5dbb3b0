import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { findPackageRoot } from '../controller/package-root.ts';

const argv = process.argv.slice(2);
const isVersion = argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V');

if (isVersion) {
  process.stdout.write(`${findPackageRoot().version}\n`);
} else {
  // Compiled code is run as it is found: it is kept in the user's own folder, never in one that is shared.
  const { XDG_CACHE_HOME: cacheHome, HOME: home } = process.env;
  const cache = cacheHome || (home && join(home, '.cache'));
  if (cache) enableCompileCache(join(cache, 'bb', 'compiled'));
  const { runProcess } = await import('./process.ts');
  await runProcess(argv, findPackageRoot().version, {
    openController: async (options) =>
      (await import('../controller/open.ts')).openController(options),
    runController: async (options, signal, onLine) =>
      (await import('../controller/open.ts')).runController(options, signal, onLine),
  });
}
