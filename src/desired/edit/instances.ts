import { type Document, isMap, isSeq } from 'yaml';
import { agentSchema } from '../schema/agent.ts';
import type { WrittenImage } from '../schema/image.ts';
import { editYaml, UneditableText } from './yaml-edit.ts';

interface Entry {
  readonly name: string;
  readonly label?: string | undefined;
  readonly color?: string | undefined;
  readonly suspend?: boolean | undefined;
  readonly image?: WrittenImage | undefined;
}

/** The agent file without this instance; `instances: []` when it was the last one. Throws `UneditableText`. */
export function removeInstance(agentText: string, instanceName: string): string {
  return editYaml(agentText, (document) => {
    const { written, entries } = readInstances(document, countedAgent(document, instanceName));
    const index = indexOf(entries, instanceName);
    const isLastOfCount = typeof written === 'number' && index === written - 1 && written > 1;
    if (isLastOfCount) document.set('instances', written - 1);
    else if (entries.length === 1) document.set('instances', document.createNode([]));
    else {
      listInstances(document, entries);
      document.deleteIn(['instances', index]);
    }
  });
}

/** The agent file with this instance suspended or not. Throws `UneditableText`. */
export function setInstanceSuspend(
  agentText: string,
  instanceName: string,
  suspend: boolean,
): string {
  return editYaml(agentText, (document) => {
    const { entries } = readInstances(document, countedAgent(document, instanceName));
    const index = indexOf(entries, instanceName);
    if ((entries[index]?.suspend ?? false) === suspend) return;
    listInstances(document, entries);
    const entry = document.getIn(['instances', index]);
    if (!isMap(entry))
      document.setIn(['instances', index], entryNode(document, { ...entries[index], suspend }));
    else if (suspend) entry.set('suspend', true);
    else entry.delete('suspend');
  });
}

/** The agent file with this instance on the image of a Dockerfile of the tree. Throws `UneditableText`. */
export function setInstanceImage(
  agentText: string,
  instanceName: string,
  dockerfile: string,
): string {
  return editYaml(agentText, (document) => {
    const { entries } = readInstances(document, countedAgent(document, instanceName));
    const index = indexOf(entries, instanceName);
    const { image } = entries[index] ?? {};
    if (image !== undefined && 'dockerfile' in image && image.dockerfile === dockerfile) return;
    listInstances(document, entries);
    const entry = document.getIn(['instances', index]);
    const changed = { ...entries[index], image: { dockerfile } };
    if (!isMap(entry)) document.setIn(['instances', index], entryNode(document, changed));
    else entry.set('image', document.createNode({ dockerfile }, { flow: true }));
  });
}

/**
 * The agent file with one more instance. `agent` is the file's name, which instances that are only counted are named
 * after. Throws `UneditableText`, also when the name is taken in this file.
 */
export function addInstance(
  agentText: string,
  agent: string,
  instance: { readonly name: string; readonly label?: string; readonly color?: string },
): string {
  return editYaml(agentText, (document) => {
    const { entries } = readInstances(document, agent);
    if (entries.some((entry) => entry.name === instance.name)) {
      throw new UneditableText(`instance "${instance.name}" is there already`);
    }
    listInstances(document, entries);
    document.addIn(['instances'], entryNode(document, instance));
  });
}

function readInstances(document: Document, agent: string) {
  const result = agentSchema.safeParse(document.toJS());
  if (!result.success) throw new UneditableText('the file is not an agent file');
  const written = result.data.instances;
  return { written, entries: entriesOf(written, agent) };
}

function entriesOf(
  written: number | readonly Entry[] | undefined,
  agent: string,
): readonly Entry[] {
  if (written === undefined) return [{ name: agent }];
  if (typeof written !== 'number') return written;
  return Array.from({ length: written }, (_, index) => ({ name: `${agent}-${index + 1}` }));
}

/** Name of the agent when its instances are counted (`agent-2`) or defaulted (`agent`). */
function countedAgent(document: Document, instanceName: string): string {
  return typeof document.get('instances') === 'number'
    ? instanceName.replace(/-\d+$/, '')
    : instanceName;
}

function indexOf(entries: readonly Entry[], name: string): number {
  const index = entries.findIndex((entry) => entry.name === name);
  if (index === -1) throw new UneditableText(`the file has no instance "${name}"`);
  return index;
}

/** Turns a count or a default into the list that it stands for. */
function listInstances(document: Document, entries: readonly Entry[]): void {
  const list = document.get('instances');
  if (!isSeq(list)) {
    const nodes = entries.map((entry) => entryNode(document, entry));
    document.set('instances', document.createNode(nodes));
  } else if (list.items.length === 0) {
    list.flow = false;
  }
}

function entryNode(document: Document, entry: Partial<Entry>) {
  const present = Object.entries(entry).filter(
    ([, value]) => value !== undefined && value !== false,
  );
  return document.createNode(Object.fromEntries(present), { flow: true });
}
