import { loadDesiredState } from '../src/desired/load.ts';
import type { TreeFile } from '../src/desired/tree-file.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { median, timed } from './statistics.ts';

const FILES = 2_000;
const ROUNDS = 7;

/** Reading, validating and resolving a large fleet, from bytes in memory to desired state. */
export const load: Benchmark = {
  name: 'load',
  about: `text of ${FILES} files to desired state`,
  run: async () => {
    const tree = fleetOf(FILES);
    await loadOnce(tree);
    const samplesMs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) samplesMs.push(await loadOnce(tree));
    return {
      figures: [figure(`load ${tree.size} files`, median(samplesMs), 'ms', 1_000)],
      notes: [`median of ${ROUNDS} after one to warm up`],
    };
  },
};

function loadOnce(tree: ReadonlyMap<string, TreeFile>): Promise<number> {
  const host = { secrets: {}, envAllowed: [], rootfs: [] };
  return timed(() => {
    const { desired, diagnostics } = loadDesiredState(tree, host, { nowMs: 0 });
    if (desired === null)
      throw new Error(`the measured fleet is not valid: ${diagnostics[0]?.message}`);
  });
}

/** A fleet in which each agent has a bottle, an allowlist and routes of its own, and a prompt. */
function fleetOf(count: number): ReadonlyMap<string, TreeFile> {
  const encoder = new TextEncoder();
  const tree = new Map<string, TreeFile>();
  const add = (path: string, text: string) =>
    tree.set(path, { mode: '100644', bytes: encoder.encode(text) });
  add('fleet.yaml', 'name: bench\ndefaults: {backend: auto, bottle: base}\n');
  add('bottles/base.yaml', 'env: {PAGER: cat}\nresources: {cpus: 1, memory: 1GiB}\n');
  for (let index = 0; tree.size < count; index += 1) {
    const name = `a${index}`;
    add(
      `agents/${name}.yaml`,
      `provider: {command: [bash]}\nbottles: [${name}]\nprompt: {file: prompts/${name}.md}\ninstances:\n  - {name: ${name}, label: Agent ${index}}\n`,
    );
    add(
      `bottles/${name}.yaml`,
      `extends: base\nenv:\n  INDEX: "${index}"\nroutes: [r-${name}]\nallowlists: [l-${name}]\n`,
    );
    add(
      `routes/r-${name}.yaml`,
      `routes:\n  - host: api-${index}.example.test\n    paths: [/v1/, /v2/]\n  - host: b.example.test\n`,
    );
    add(
      `allowlists/l-${name}.yaml`,
      `hosts:\n  - docs-${index}.example.test\n  - {host: c.example.test, reason: reading}\n`,
    );
    add(`prompts/${name}.md`, `Prompt of ${name}.\n`);
  }
  return tree;
}
