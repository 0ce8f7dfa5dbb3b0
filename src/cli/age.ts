const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** `3d`, `5h`, `12m`, `now`; `?` where the start is not known. */
export function formatAge(startedAt: string | null, nowMs: number): string {
  const startMs = startedAt === null ? Number.NaN : Date.parse(startedAt);
  if (Number.isNaN(startMs)) return '?';
  const seconds = Math.max(0, (nowMs - startMs) / 1000);
  const unit = UNITS.find(([, size]) => seconds >= size);
  return unit === undefined ? 'now' : `${Math.floor(seconds / unit[1])}${unit[0]}`;
}

/** The first characters of a commit id, as git shows it; `-` for none. */
export function shortRevision(revision: string | null): string {
  return revision === null ? '-' : revision.slice(0, 8);
}
