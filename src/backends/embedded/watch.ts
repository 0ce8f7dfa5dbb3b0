import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import type { FleetName } from '../../model/names.ts';
import type { BackendHint } from '../backend.ts';
import { endForgotten, ensureRecords } from './forgotten.ts';
import type { EmbeddedLayout } from './layout.ts';
import { createLostNetworks } from './lost-networks.ts';
import type { Machine } from './machine.ts';
import { readRecord } from './records.ts';

const RETRY_MS = 1_000;
/** Between two looks at those that keep the networks. */
const NETWORKS_MS = 500;

/**
 * Hints at every change of a record or a run, by whoever made it; bubblewrap's own note of an exit is one too. Of the end
 * of a network there is no note: it is asked for. A folder that is taken away is watched anew and told as a gap. What runs
 * and is in no books when the watch begins is ended.
 */
export function watchFleet(
  machine: Machine,
  fleet: FleetName,
  onHint: (hint: BackendHint) => void,
  signal: AbortSignal,
): void {
  const { layout } = machine;
  const lost = createLostNetworks(machine, fleet);
  let watchers: FSWatcher[] = [];
  let looks: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(retry);
    clearInterval(looks);
    for (const watcher of watchers) watcher.close();
    watchers = [];
  };
  const again = () => {
    stop();
    if (signal.aborted) return;
    retry = setTimeout(() => {
      begin();
      onHint({ kind: 'gap', bottle: null });
    }, RETRY_MS);
    retry.unref();
  };
  const look = () => {
    try {
      if (lost.isNew()) onHint({ kind: 'look', bottle: null });
    } catch {
      again();
    }
  };
  const begin = () => {
    try {
      ensureRecords(layout);
      watchers = [layout.records, layout.runs].map((folder) => {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const watcher = watch(folder, { persistent: false }, (_event, file) => {
          lost.changed();
          const hint = hintOf(layout, fleet, file ?? '');
          if (hint !== null) onHint(hint);
        });
        return watcher.on('error', again);
      });
      lost.changed();
      looks = setInterval(look, NETWORKS_MS);
      looks.unref();
    } catch {
      again();
    }
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) return;
  begin();
  endForgotten(layout);
}

/** Temporary files are no news: their rename is. */
function hintOf(layout: EmbeddedLayout, fleet: FleetName, file: string): BackendHint | null {
  const name = /^(bb-[a-z0-9-]+)\.(?:json|status|\d+\.session)$/.exec(file)?.[1];
  if (name === undefined || !name.startsWith(`bb-${fleet}-`)) return null;
  const identity = readRecord(layout.record(name))?.spec.identity;
  if (identity !== undefined && identity.fleet !== fleet) return null;
  return { kind: 'look', bottle: identity?.bottle ?? null };
}
