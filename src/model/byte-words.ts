const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** For people: `4 GiB`, `20.3 GiB`, `512 MiB`. */
export function byteWords(bytes: number): string {
  const fits = UNITS.findLastIndex((_, power) => bytes >= 1024 ** power);
  const power = Math.max(0, fits);
  const amount = Math.round((bytes / 1024 ** power) * 10) / 10;
  return `${amount} ${UNITS[power]}`;
}
