import { agentStory } from './agent-story.ts';
import { CLAUDE } from './agents-under-test.ts';

await agentStory(CLAUDE, 'embedded');
