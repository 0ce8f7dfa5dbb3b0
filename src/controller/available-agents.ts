import { parseDocument } from 'yaml';
import type { TreeFile } from '../desired/tree-file.ts';
import { parseAgentName } from '../model/names.ts';
import type { AgentSummary } from './api.ts';

/**
 * The agents that a tree describes, also those without an instance. Lenient: a file that does not parse still names an
 * agent, because it is `bb validate` that tells what is wrong with it.
 */
export function availableAgents(tree: ReadonlyMap<string, TreeFile>): readonly AgentSummary[] {
  return [...tree]
    .flatMap(([path, file]) => {
      const name = /^agents\/([^/]+)\.yaml$/.exec(path)?.[1];
      return name === undefined || parseAgentName(name) === undefined ? [] : [summary(name, file)];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function summary(name: string, file: TreeFile): AgentSummary {
  const document = parseDocument(new TextDecoder().decode(file.bytes), { logLevel: 'silent' });
  return {
    name,
    description: textAt(document.get('description')),
    provider: textAt(document.get('provider')),
  };
}

function textAt(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
