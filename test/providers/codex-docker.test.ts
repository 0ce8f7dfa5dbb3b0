import { agentStory } from './agent-story.ts';
import { CODEX } from './agents-under-test.ts';

await agentStory(CODEX, 'docker');
