import { readFileSync } from 'node:fs';

/** The version in the nearest `package.json` above this file: sources and bundles lie at different depths. */
export function readVersion(): string {
  for (const above of ['../', '../../', './', '../../../']) {
    const version = versionIn(new URL(`${above}package.json`, import.meta.url));
    if (version !== null) return version;
  }
  throw new Error('bb is not installed whole: its package.json is missing');
}

function versionIn(file: URL): string | null {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8'));
    return name === 'bb' && typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}
