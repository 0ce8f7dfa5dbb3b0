import { loadDesiredState } from '../src/desired/load.ts';
import type { TreeFile } from '../src/desired/tree-file.ts';

/** Milliseconds that loading a tree of `files` files took, in each of `rounds` rounds after one to warm up. */
export function measureLoadDesiredState(
  options: { readonly files?: number; readonly rounds?: number } = {},
): { readonly files: number; readonly samplesMs: readonly number[] } {
  const tree = fleetOf(options.files ?? 2_000);
  const host = { secrets: {}, envAllowed: [] };
  const samplesMs = Array.from({ length: (options.rounds ?? 5) + 1 }, () => {
    const startMs = performance.now();
    const { desired, diagnostics } = loadDesiredState(tree, host, { nowMs: 0 });
    const tookMs = performance.now() - startMs;
    if (desired === null)
      throw new Error(`the measured fleet is not valid: ${diagnostics[0]?.message}`);
    return tookMs;
  });
  return { files: tree.size, samplesMs: samplesMs.slice(1) };
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
