import { agentStory } from '../providers/agent-story.ts';
import { CODEX } from '../providers/agents-under-test.ts';

await agentStory(CODEX, 'docker');
