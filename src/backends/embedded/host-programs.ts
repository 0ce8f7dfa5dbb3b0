import { existsSync, lstatSync, readlinkSync } from 'node:fs';

/** A folder of the host's programs, or on systems that have merged them a link into the one that has all. */
export interface HostPrograms {
  readonly path: string;
  readonly link: string | null;
}

/** `/usr`, and what is beside it on systems that have not merged the two. */
export function hostPrograms(): readonly HostPrograms[] {
  const beside = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].filter((path) =>
    existsSync(path),
  );
  return ['/usr', ...beside].map((path) => ({
    path,
    link: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null,
  }));
}
