import { resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { failureOf } from '../refusal.ts';
import type { Session } from '../session.ts';

export const initCommand: DeclareCommand = (frame) =>
  new Command('init')
    .description('a git repository with a working fleet in desired-state/, committed')
    .argument('[dir]', 'where; default: here')
    .option('--hooks', 'add a pre-commit hook that runs bb validate --working-tree')
    .action((directory, options, command) =>
      frame.run(command, (session) => init(session, directory ?? '.', options.hooks === true)),
    );

async function init(session: Session, directory: string, hooks: boolean): Promise<ExitCode> {
  const { output, surroundings } = session;
  const { initRepository } = await import('../../controller/init-repository.ts');
  const answer = await initRepository({
    directory: resolve(surroundings.cwd, directory),
    hooks,
  });
  if (!answer.ok) throw failureOf(answer.refusal);
  const { repository, revision, files, hook } = answer.value;
  output.note(`made ${repository}: ${files} files, commit ${revision.slice(0, 8)}`);
  if (hook !== null) output.note(`each commit is checked by ${hook}`);
  const repo = directory === '.' ? '' : ` --repo ${directory}`;
  output.note(`next: bb${repo} plan shows what it asks for, bb${repo} reconcile does it`);
  return EXIT.done;
}
