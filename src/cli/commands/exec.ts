import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { parseCount } from '../parse-duration.ts';
import type { Session } from '../session.ts';
import { signalledProgram } from '../signalled-program.ts';

export const execCommand: DeclareCommand = (frame) =>
  new Command('exec')
    .description('run a program in a bottle; exits with its exit code')
    .argument('<slug>')
    .argument('<command...>', 'after --')
    .action((slug, argv, _options, command) =>
      frame.run(command, (session) => exec(session, slug, argv)),
    );

export const attachCommand: DeclareCommand = (frame) =>
  new Command('attach')
    .description('a session in a bottle, in this terminal; leaving it stops nothing')
    .argument('<slug>')
    .argument('[command...]', 'another program, after --')
    .option('--new', 'a new session, although there is one to go on with')
    .action((slug, argv, options, command) =>
      frame.run(command, (session) => attach(session, slug, argv, options)),
    );

export const logsCommand: DeclareCommand = (frame) =>
  new Command('logs')
    .description('what a bottle wrote')
    .argument('<slug>')
    .argument('[component]', 'agent or sidecars', parseComponent, 'agent' as const)
    .option('-f, --follow', 'keep showing what comes')
    .option('-n, --tail <lines>', 'only the last lines', parseCount)
    .action((slug, component, options, command) =>
      frame.run(command, (session) => logs(session, slug, component, options)),
    );

async function exec(session: Session, slug: string, argv: readonly string[]): Promise<ExitCode> {
  await using api = await session.open();
  const program = signalledProgram(argv);
  const commandOf = (inside: readonly string[]) =>
    session.expect(api.execCommand(slug, inside), { api, slug });
  return session.surroundings.handOver(await commandOf(program.argv), (signal) =>
    commandOf(program.signal(signal)),
  );
}

async function attach(
  session: Session,
  slug: string,
  argv: readonly string[],
  { new: isNew }: { readonly new?: true | undefined },
): Promise<ExitCode> {
  await using api = await session.open();
  const wanted = { isNew: isNew === true };
  const command = await session.expect(api.attachCommand(slug, argv, wanted), { api, slug });
  return session.surroundings.handOver(command);
}

async function logs(
  session: Session,
  slug: string,
  component: 'agent' | 'sidecars',
  options: { readonly follow?: true | undefined; readonly tail?: number | undefined },
): Promise<ExitCode> {
  await using api = await session.open();
  const read = { follow: options.follow === true, tail: options.tail ?? null };
  const show = (line: string) => session.output.foreign(`${line}\n`);
  const reading = api.logs(slug, component, read, show, session.signal);
  await session.expect(reading, { api, slug });
  return EXIT.done;
}

function parseComponent(raw: string): 'agent' | 'sidecars' {
  if (raw === 'agent' || raw === 'sidecars') return raw;
  throw new InvalidArgumentError('Use agent or sidecars.');
}
