import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { COMMAND_NAMES, NAMES_COMMAND } from './command-names.ts';
import { LOADERS } from './command-table.ts';
import { Ending, Frame } from './frame.ts';
import type { Surroundings } from './session.ts';

/** `bb` with the commands that `argv` names, or with all of them when it names none. */
export async function makeProgram(
  argv: readonly string[],
  surroundings: Surroundings,
  version: string,
): Promise<{ readonly program: CommandUnknownOpts; readonly ending: Ending }> {
  const ending = new Ending();
  const frame = new Frame(surroundings, ending);
  const program = rootCommand(surroundings, version);
  const named = COMMAND_NAMES.filter(({ name }) => argv.includes(name));
  for (const { name, group } of named.length > 0 ? named : COMMAND_NAMES) {
    const command = (await LOADERS[name]())(frame);
    inherit(program.addCommand(command.helpGroup(group)), command);
  }
  if (argv.includes(NAMES_COMMAND)) {
    program.addCommand((await LOADERS[NAMES_COMMAND]())(frame), { hidden: true });
  }
  return { program, ending };
}

function rootCommand(surroundings: Surroundings, version: string): CommandUnknownOpts {
  const { output } = surroundings;
  return new Command('bb')
    .description('GitOps for sandboxed coding agents: commit, and the running fleet follows.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help')
    .option('-C, --repo <dir>', 'repository that describes the fleet (default: here, or BB_REPO)')
    .option('--fleet <name>', 'refuse to act on another fleet than this one')
    .option('--config <dir>', 'host settings and secrets (default: $XDG_CONFIG_HOME/bb)')
    .option('--backend <name>', 'for bottles that say auto')
    .option('-v, --verbose', 'tell more')
    .option('-q, --quiet', 'tell results and problems only')
    .showSuggestionAfterError()
    .showHelpAfterError('run with --help for usage')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.raw(text),
      writeErr: (text) => output.rawDiagnostic(text),
      getOutHelpWidth: () => output.columns,
      getErrHelpWidth: () => output.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function inherit(parent: CommandUnknownOpts, command: CommandUnknownOpts): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(command, child);
}
