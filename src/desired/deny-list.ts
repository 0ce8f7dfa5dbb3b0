import type { DenyEntry } from '../model/egress-route.ts';
import { coversHost } from '../model/host-name.ts';
import { parseHost } from './host-name.ts';
import { accepted } from './parsed.ts';
import { type Position, type Problems, quote } from './problems.ts';
import type { WrittenDenials } from './schema/denials.ts';
import type { WrittenFile } from './written-file.ts';

/** A file that may deny: of a bottle, an agent or the fleet. */
type DenyingFile = Pick<
  WrittenFile<{ readonly deny?: WrittenDenials | undefined }>,
  'path' | 'value' | 'locate'
>;

/** A denial, normalised, and where it was written. */
export interface DeclaredDenial extends DenyEntry {
  readonly at: Position;
}

/** The denials of a file on top of those below it: a layer can only add. Of one host the first is kept. */
export function addDenials(
  below: readonly DeclaredDenial[],
  file: DenyingFile,
): readonly DeclaredDenial[] {
  const byHost = new Map(below.map((denial) => [denial.host, denial]));
  for (const denial of denialsOf(file)) {
    if (!byHost.has(denial.host)) byHost.set(denial.host, denial);
  }
  return [...byHost.values()];
}

/** Reports hosts that a file denies twice. */
export function checkDenials(file: DenyingFile, problems: Problems): void {
  const lines = new Map<string, number>();
  for (const { host, at } of denialsOf(file)) {
    const line = lines.get(host);
    if (line === undefined) {
      lines.set(host, at.line);
      continue;
    }
    const message = `host ${quote(host)} is already denied in line ${line}`;
    problems.error({
      code: 'duplicate-host',
      message,
      hint: 'keep one of them',
      file: file.path,
      at,
    });
  }
}

/** The first entry that denies all of `host`, a name or a pattern. */
export function denialOf<Entry extends Pick<DenyEntry, 'host'>>(
  deny: readonly Entry[],
  host: string,
): Entry | undefined {
  return deny.find((entry) => coversHost(entry.host, host));
}

function denialsOf({ path, value, locate }: DenyingFile): readonly DeclaredDenial[] {
  return (value.deny ?? []).map((written, index) => {
    const isShort = typeof written === 'string';
    const { host, reason = null } = isShort ? { host: written } : written;
    const at = locate.value(isShort ? ['deny', index] : ['deny', index, 'host']);
    return { host: accepted(parseHost(host)), reason, file: path, at };
  });
}
