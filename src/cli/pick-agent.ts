import type { AgentSummary, ControllerApi } from '../controller/api.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { BottleStatus } from '../model/status.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import type { Session } from './session.ts';
import { formatTable } from './table.ts';

/** Asks which agent to start, by number or name; null when the person wants none of them. */
export async function pickAgent(session: Session, api: ControllerApi): Promise<string | null> {
  const { ask } = session.surroundings;
  if (ask === null) {
    throw new CommandFailure({
      exitCode: EXIT.invalid,
      message: 'no agent was named, and there is no terminal to ask on',
      hint: 'bb start <agent>; bb list available shows them',
    });
  }
  const agents = await session.expect(api.agents());
  if (agents.length === 0) {
    throw new CommandFailure({
      exitCode: EXIT.invalid,
      message: 'the fleet describes no agents',
      hint: 'write agents/<name>.yaml and commit',
    });
  }
  const { bottles } = await session.expect(api.status());
  session.output.lines(agentTable(agents, bottles));
  const answer = (await ask(`which one? [1-${agents.length}, Enter for none] `)).trim();
  if (answer === '') return null;
  const chosen = agents.find(({ name }, index) => name === answer || String(index + 1) === answer);
  // A name that is not in the list is refused with the nearest one, as on the command line.
  return chosen?.name ?? answer;
}

/** `(2 running)`; empty when there is none. */
export function runningOf(agent: string, bottles: readonly BottleStatus[]): string {
  const count = bottles.filter((bottle) => bottle.agent === agent).length;
  return count === 0 ? '' : `(${count} running)`;
}

function agentTable(
  agents: readonly AgentSummary[],
  bottles: readonly BottleStatus[],
): readonly string[] {
  const rows = agents.map(({ name, description }, index) => [
    String(index + 1),
    sanitizeLine(name),
    runningOf(name, bottles),
    sanitizeLine(description ?? ''),
  ]);
  return formatTable(['', 'AGENT', '', ''], rows);
}
