import {
  type AgentName,
  type BottleName,
  parseAgentName,
  parseBottleName,
} from '../model/names.ts';
import { type Position, type Problems, quote } from './problems.ts';
import type { WrittenAgent } from './schema/agent.ts';
import type { WrittenImage } from './schema/image.ts';
import type { WrittenFile } from './written-file.ts';
import type { Named } from './written-tree.ts';

/** One bottle that an agent file asks for. */
export interface Instance {
  readonly name: BottleName;
  readonly agent: AgentName;
  readonly label: string | null;
  readonly color: string | null;
  readonly suspend: boolean;
  /** Instead of the image of its bottles; `locate` is where it stands in the file. */
  readonly image: {
    readonly value: WrittenImage;
    readonly locate: readonly (string | number)[];
  } | null;
  readonly file: string;
  readonly at: Position;
}

/** Instances of every agent by name: the first one keeps a name that two want. */
export function listInstances(
  agents: Named<WrittenAgent>,
  problems: Problems,
): ReadonlyMap<BottleName, Instance> {
  const instances = new Map<BottleName, Instance>();
  for (const file of agents.values()) {
    for (const instance of file === null ? [] : instancesOf(file, problems)) {
      const other = instances.get(instance.name);
      if (other === undefined) {
        instances.set(instance.name, instance);
        continue;
      }
      problems.error({
        code: 'duplicate-instance',
        message: `instance ${quote(instance.name)} is already declared in ${other.file}:${other.at.line}`,
        hint: 'instance names are unique in the fleet: rename one',
        file: instance.file,
        at: instance.at,
      });
    }
  }
  return instances;
}

function instancesOf(file: WrittenFile<WrittenAgent>, problems: Problems): readonly Instance[] {
  const agent = parseAgentName(file.name);
  const written = file.value.instances ?? [{ name: file.name }];
  if (agent === undefined) return [];
  const entries =
    typeof written === 'number'
      ? Array.from({ length: written }, (_, index) => ({ name: `${agent}-${index + 1}` }))
      : written;
  return entries.flatMap((entry: Entry, index) => {
    const name = parseBottleName(entry.name);
    const isCounted = typeof written === 'number' || file.value.instances === undefined;
    const at = file.locate.value(isCounted ? ['instances'] : ['instances', index, 'name']);
    if (name === undefined) {
      const message = `instance name ${quote(entry.name)} is longer than 48 characters`;
      problems.error({
        code: 'invalid-name',
        message,
        hint: 'give the agent a shorter name',
        file: file.path,
        at,
      });
      return [];
    }
    const { label = null, color = null, suspend = false } = entry;
    const image =
      entry.image === undefined
        ? null
        : { value: entry.image, locate: ['instances', index, 'image'] };
    return [{ name, agent, label, color, suspend, image, file: file.path, at }];
  });
}

interface Entry {
  readonly name: string;
  readonly label?: string | undefined;
  readonly color?: string | undefined;
  readonly suspend?: boolean | undefined;
  readonly image?: WrittenImage | undefined;
}
