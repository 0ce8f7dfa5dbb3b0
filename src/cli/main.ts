import { findPackageRoot } from '../controller/package-root.ts';

const argv = process.argv.slice(2);
const isVersion = argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V');

if (isVersion) {
  process.stdout.write(`${findPackageRoot().version}\n`);
} else {
  const { runProcess } = await import('./process.ts');
  await runProcess(argv, findPackageRoot().version);
}
