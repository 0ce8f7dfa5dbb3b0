import { describe, expect, test } from 'vitest';
import { AGENT_PROGRAMS } from '../../scripts/agent-programs.ts';
import { installedPrograms } from '../../scripts/npm-programs.ts';
import { eventually } from '../eventually.ts';
import { pending } from '../scenario/proposing-agent.ts';
import { URL_OF_API } from '../scenario/upstream.ts';
import type { AgentUnderTest } from './agents-under-test.ts';
import { modelFleet, REAL_TOKEN } from './model-fleet.ts';
import { modelPlace } from './model-place.ts';
import { type Asked, inTurn } from './model-story.ts';
import { TOKEN_SEARCH } from './token-search.ts';

const ASK = `curl -sS -m 20 -o /dev/null -w 'status %{http_code}' ${URL_OF_API}/private/report`;
const PROPOSAL = {
  host: 'api.example.test',
  path_allowlist: ['/private/'],
  methods: ['GET'],
  justification: 'the report is part of my task',
};

/** What must be true of a real agent program in a bottle; skipped by name where the program or the place is missing. */
export async function agentStory(
  agent: AgentUnderTest,
  backend: 'docker' | 'embedded',
): Promise<void> {
  const title = `the real ${agent.name} in a bottle of ${backend}`;
  const programs = installedPrograms(AGENT_PROGRAMS);
  const place = await modelPlace(backend, agent.name);
  if (programs.kind === 'none') return void describe.skip(`${title} (${programs.reason})`);
  if (place.kind === 'none') return void describe.skip(`${title} (${place.reason})`);
  test(`${title} is refused, proposes, is approved and passes, and never sees its credential`, {
    timeout: 240_000,
  }, async () => {
    const turns = [
      ...agent.runs(TOKEN_SEARCH),
      ...agent.runs(ASK),
      ...agent.proposes(PROPOSAL),
      ...agent.runs(ASK),
    ];
    const asked: Asked[] = [];
    const { header, credential, hosts } = agent;
    const listener = agent.api({ story: inTurn(turns), header, credential, asked });
    await using fleet = await modelFleet({
      place,
      programs: programs.folder,
      model: { hosts, listener },
      provider: agent.provider,
      secret: '{file: token}',
    });
    await fleet.controller();
    const session = fleet.spawn('start', 'dev', '--name', 'dev', '--yes', '--prompt', 'Get it.');
    let isOver = false;
    void session.then(() => {
      isOver = true;
    });
    const id = await eventually(
      'the agent proposes',
      async () => {
        if (isOver) throw new Error(`it ended:\n${(await session).all}`);
        return (await pending(fleet))[0]?.proposal.id;
      },
      120_000,
    );
    await fleet.done('approve', id, '--notes', 'for the report only');

    const { exitCode, stdout, all } = await session;
    fleet.transcript.push(all);
    expect({ exitCode, all }).toMatchObject({ exitCode: 0 });
    const told = stdout.slice(stdout.lastIndexOf('told by the tools:'));
    expect(told).toMatch(/\breal 0 placeholder [1-9]/);
    expect(told.match(/status \d+/g)).toEqual(['status 403', 'status 200']);
    expect(told).toContain('for the report only');
    const trailers = await fleet.repository.git('log', '-1', '--format=%(trailers:key=Bb-Action)');
    expect(trailers.trim()).toBe('Bb-Action: approve');
    expect(new Set(asked.map((each) => each.credential))).toEqual(new Set([credential]));
    const listed = await fleet.done('exec', 'dev', '--', ...agent.lists.argv);
    expect(listed.stdout).toMatch(agent.lists.says);
    const events = (await fleet.done('events')).stdout;
    expect(events).not.toMatch(/ToolsNotRegistered|UnknownProviderVersion|SessionFailed/);
    expect(events).not.toContain(REAL_TOKEN);
  });
}
