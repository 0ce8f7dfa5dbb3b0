import { accessSync, constants } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { FETCH_JAVA } from './fetch-java.ts';

/** Which of those that not every machine has are here; what needs another is skipped by name. */
export interface ClientPrograms {
  readonly cargo: boolean;
  /** How it is called there; null = not here. */
  readonly go: string | null;
  /** Each Java of this machine. */
  readonly javas: readonly string[];
  /** What they are to run, once it was compiled. */
  readonly fetchClass: Buffer | null;
  readonly pip: boolean;
  readonly requests: boolean;
  readonly httpx: boolean;
  readonly wget: boolean;
}

/** Looks for the clients that a bottle will see, and puts what lies outside `/usr` into `folder`. */
export async function findPrograms(folder: string): Promise<ClientPrograms> {
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'bin'));
  const cargo = await realCargo();
  if (cargo !== null) await copyFile(cargo, join(folder, 'bin/cargo'));
  const python = (module: string) => works('/usr/bin/python3', ['-c', `import ${module}`]);
  const javas = await compiledJavas(folder);
  return {
    cargo: cargo !== null,
    go: isThere('/usr/local/go/bin/go')
      ? '/usr/local/go/bin/go'
      : isThere('/usr/bin/go')
        ? 'go'
        : null,
    javas,
    fetchClass: javas.length === 0 ? null : await readFile(join(folder, 'Fetch.class')),
    pip: await python('pip'),
    requests: await python('requests'),
    httpx: await python('httpx'),
    wget: isThere('/usr/bin/wget'),
  };
}

/** Each Java of this machine, when one of them makes a program of our source that all of them run. */
async function compiledJavas(folder: string): Promise<readonly string[]> {
  const listed = await execa('sh', ['-c', 'ls -d /usr/lib/jvm/*/bin/java'], { reject: false });
  const javas = listed.stdout.split('\n').filter((path) => /^(?!.*java-1\.).+/.test(path));
  const source = join(folder, 'Fetch.java');
  await writeFile(source, FETCH_JAVA);
  const isCompiled = await works('javac', ['--release', '17', '-d', folder, source]);
  return isCompiled ? javas : [];
}

/** rustup's own `cargo` is a switch that needs its home; the program itself is one file. */
async function realCargo(): Promise<string | null> {
  const { stdout, exitCode } = await execa('rustup', ['which', 'cargo'], { reject: false });
  if (exitCode === 0) return stdout.trim();
  return isThere('/usr/bin/cargo') ? '/usr/bin/cargo' : null;
}

async function works(program: string, argv: readonly string[]): Promise<boolean> {
  return (await execa(program, argv, { reject: false, stdin: 'ignore' })).exitCode === 0;
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
