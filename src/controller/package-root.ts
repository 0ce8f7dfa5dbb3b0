import { readFileSync } from 'node:fs';

/** The folder that `bb` is installed in, and its version; sources and bundles lie at different depths below it. */
export interface PackageRoot {
  readonly url: URL;
  readonly version: string;
}

/** Looks upwards from this file. Throws when `bb` is not installed whole. */
export function findPackageRoot(): PackageRoot {
  for (const above of ['../', '../../', './', '../../../']) {
    const url = new URL(above, import.meta.url);
    const version = versionIn(url);
    if (version !== null) return { url, version };
  }
  throw new Error('bb is not installed whole: its package.json is missing');
}

function versionIn(folder: URL): string | null {
  try {
    const { name, version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
    return name === 'bb' && typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}
