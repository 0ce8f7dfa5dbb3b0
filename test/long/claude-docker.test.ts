import { agentStory } from '../providers/agent-story.ts';
import { CLAUDE } from '../providers/agents-under-test.ts';

await agentStory(CLAUDE, 'docker');
