import { findPackageRoot } from '../controller/package-root.ts';

const argv = process.argv.slice(2);
const isVersion = argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V');

if (isVersion) {
  process.stdout.write(`${findPackageRoot().version}\n`);
} else {
  const { runProcess } = await import('./process.ts');
  await runProcess(argv, findPackageRoot().version, {
    openController: async (options) =>
      (await import('../controller/open.ts')).openController(options),
    runController: async (options, signal, onLine) =>
      (await import('../controller/open.ts')).runController(options, signal, onLine),
  });
}
