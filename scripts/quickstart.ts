import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa, type Options } from 'execa';
import { openQuickPlace, type QuickPlace } from './quickstart/place.ts';
import { startStandIn } from './quickstart/stand-in.ts';
import { confirm, heading, say, shown } from './quickstart/terminal.ts';

const ROOT = resolve(import.meta.dirname, '..');
const BB = join(ROOT, 'bin/bb');
const API = 'api.example.test';
const PORT = 8443;
/** Nobody has to leave a pager to go on. */
const UNPAGED = { GIT_PAGER: 'cat' };

/**
 * The idea in two minutes, on real parts: a fleet from committed YAML, a request that is allowed and one that is
 * refused, a proposal over MCP, its approval as a commit, and the same request passing. Leaves nothing behind.
 */
async function main(): Promise<void> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupted.abort(new Error('interrupted')));
  }
  try {
    await Promise.race([demonstrate(cleanups), whenAborted(interrupted.signal)]);
  } finally {
    heading('Cleaning up');
    let failures = 0;
    for (const cleanup of cleanups.reverse()) {
      await cleanup().catch((error: unknown) => {
        failures += 1;
        say(`could not clean up: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
    if (failures === 0) say('nothing is left.');
  }
}

async function demonstrate(cleanups: (() => Promise<unknown>)[]): Promise<void> {
  const started = performance.now();
  const folder = await mkdtemp('/tmp/bb-quick-');
  cleanups.push(() => rm(folder, { recursive: true, force: true }));

  heading('Where bottles run');
  const place = await openQuickPlace(folder);
  cleanups.push(() => place.close());

  heading(`A local ${API}`);
  const standIn = await startStandIn(API, place.address, PORT);
  cleanups.push(async () => standIn[Symbol.asyncDispose]());
  say(`https://${API}:${PORT} is served on this machine, at ${place.address}`);

  heading('A fleet, as YAML in git');
  const fleet = join(folder, 'fleet');
  const bb = commandLine(folder, fleet);
  await writeHostConfig(folder, place, standIn.caPem);
  await bb(['init', fleet]);
  await nameFleet(fleet);
  await declareStandIn(fleet, place.address);
  await shown('git', ['log', '--oneline'], { cwd: fleet, env: UNPAGED });
  await shown('cat', ['desired-state/routes/example-api.yaml'], { cwd: fleet });
  await bb(['plan']);

  heading('The controller brings it up');
  say('bb controller follows the branch from now on');
  const controller = execa(BB, ['controller'], {
    ...environmentOf(folder),
    cwd: fleet,
    reject: false,
  });
  cleanups.push(async () => {
    controller.kill('SIGTERM');
    await controller;
  });
  cleanups.push(() => tearDown(folder, fleet));
  await bb(['reconcile']);
  await bb(['status']);

  heading('An agent meets a wall, and proposes');
  const program = await readFile(join(ROOT, 'scripts/quickstart/agent-program.mjs'), 'utf8');
  const agent = execa(BB, ['exec', 'demo', '--', 'node', '--input-type=module', '-'], {
    ...environmentOf(folder),
    cwd: fleet,
    input: program,
    stdout: ['inherit'],
    stderr: ['inherit'],
    reject: false,
  });
  cleanups.push(async () => {
    agent.kill('SIGTERM');
    await agent;
  });
  const id = await waitForProposal(folder, fleet, agent);
  const approved = await decide(id, fleet, bb);
  await shown('git', ['log', '-1', '--stat'], { cwd: fleet, env: UNPAGED });
  const { exitCode } = await agent;
  if (approved && exitCode !== 0) throw new Error('the approved request did not pass');

  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  heading(`That was it (${seconds} s)`);
  say('Try, from this folder, while it still runs:');
  say(`  cd ${fleet} && export XDG_CONFIG_HOME=${folder}/config XDG_STATE_HOME=${folder}/state`);
  say(`  ${BB} status -w          bottles and proposals, live`);
  say(`  ${BB} attach demo        a shell in the bottle`);
  say(`  edit desired-state/routes/example-api.yaml, commit, and ask again`);
  await confirm('Clean everything up now?');
}

/** True for an approval of what was asked; whoever decided elsewhere meanwhile has decided. */
async function decide(id: string, fleet: string, bb: BbCommand): Promise<boolean> {
  try {
    await bb(['show', id]);
    heading('You decide');
    const approved = await confirm('Approve it?');
    await bb(approved ? ['approve', id] : ['reject', id, '--reason', 'not today']);
    return approved;
  } catch (error) {
    const decision = await decisionOf(id, fleet);
    if (decision === null) throw error;
    say(`${decision.operator} had decided it before (${decision.action}): so be it`);
    return decision.action === 'approve';
  }
}

/** What history says of a proposal; null when nobody has decided it. */
async function decisionOf(id: string, fleet: string) {
  const of = (name: string) => `%(trailers:key=Bb-${name},valueonly,separator=)`;
  const format = `--format=${of('Proposal')} ${of('Action')} ${of('Operator')}`;
  const { stdout } = await execa('git', ['log', format], { cwd: fleet });
  const line = stdout.split('\n').find((each) => each.startsWith(`${id} `));
  const [, action = '', operator = ''] = /^\S+ (\S+) (.*)$/.exec(line ?? '') ?? [];
  return action === '' ? null : { action, operator };
}

type BbCommand = (argv: readonly string[]) => Promise<void>;

function commandLine(folder: string, fleet: string): BbCommand {
  return (argv) => {
    const cwd = argv[0] === 'init' ? folder : fleet;
    return shown(BB, argv, { ...environmentOf(folder), cwd }, 'bb');
  };
}

function environmentOf(folder: string): { readonly env: NonNullable<Options['env']> } {
  return {
    env: {
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_STATE_HOME: join(folder, 'state'),
      GIT_AUTHOR_NAME: 'operator',
      GIT_AUTHOR_EMAIL: 'operator@example.test',
      GIT_COMMITTER_NAME: 'operator',
      GIT_COMMITTER_EMAIL: 'operator@example.test',
    },
  };
}

async function writeHostConfig(folder: string, place: QuickPlace, caPem: string): Promise<void> {
  const config = join(folder, 'config/bb');
  await mkdir(config, { recursive: true, mode: 0o700 });
  await writeFile(join(config, 'stand-in.pem'), caPem);
  const lines = [
    ...place.hostConfig,
    'upstream:',
    `  hosts: { ${API}: ["${place.address}"] }`,
    '  caFiles: [stand-in.pem]',
  ];
  await writeFile(join(config, 'config.yaml'), `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** A name of its own, so that no other fleet on this machine is taken for this one. */
async function nameFleet(fleet: string): Promise<void> {
  const path = join(fleet, 'desired-state/fleet.yaml');
  const text = await readFile(path, 'utf8');
  const name = `quick-${Date.now().toString(36)}`;
  await writeFile(path, text.replace(/^name: .*$/m, `name: ${name}`));
}

/** The example's host is on this machine: its route says which inside address that may be, and which port. */
async function declareStandIn(fleet: string, address: string): Promise<void> {
  const path = join(fleet, 'desired-state/routes/example-api.yaml');
  const text = await readFile(path, 'utf8');
  const declared = text.replace(
    new RegExp(`(\\n\\s*- host: ${API.replaceAll('.', '\\.')}\\n)`),
    `$1    ports: [${PORT}]\n    addresses: [${address}/32]\n`,
  );
  if (declared === text) throw new Error(`${path} has no route for ${API}`);
  await writeFile(path, declared);
  const identity = environmentOf('');
  await execa('git', ['commit', '-qam', `Find ${API} on this machine`], {
    cwd: fleet,
    ...identity,
  });
}

async function waitForProposal(
  folder: string,
  fleet: string,
  agent: PromiseLike<{ readonly exitCode?: number }>,
): Promise<string> {
  let ended = false;
  void Promise.resolve(agent).then(() => {
    ended = true;
  });
  for (let attempt = 0; attempt < 100 && !ended; attempt += 1) {
    const { stdout } = await execa(BB, ['proposals', '--json'], {
      ...environmentOf(folder),
      cwd: fleet,
    });
    const id = /"id":\s*"([0-9A-Z]{26})"/.exec(stdout)?.[1];
    if (id !== undefined) return id;
    await new Promise((resume) => setTimeout(resume, 200));
  }
  throw new Error('no proposal arrived');
}

/** Stops every bottle the way an operator would: by a commit. */
async function tearDown(folder: string, fleet: string): Promise<void> {
  await execa(BB, ['stop', 'demo'], { ...environmentOf(folder), cwd: fleet });
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

await main().catch((error: unknown) => {
  console.error(`quick start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
