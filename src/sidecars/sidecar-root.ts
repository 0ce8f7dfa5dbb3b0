import { SIDECAR_ROOT } from '../model/sidecar.ts';
import { SIDECAR_PATHS } from '../model/state-layout.ts';

/** The folders of `SIDECAR_PATHS`, below another root when the programs run on a host. */
export type SidecarFolders = { readonly [name in keyof typeof SIDECAR_PATHS]: string };

/**
 * Where this process finds its folders: `BB_SIDECAR_ROOT` stands in for `/bb`, so that tests and the embedded backend
 * can run the same programs outside a container.
 */
export function sidecarFolders(
  environment: Readonly<Record<string, string | undefined>>,
): SidecarFolders {
  const root = environment['BB_SIDECAR_ROOT'] ?? SIDECAR_ROOT;
  const below = (path: string) => `${root}${path.slice(SIDECAR_ROOT.length)}`;
  return {
    egressIn: below(SIDECAR_PATHS.egressIn),
    egressOut: below(SIDECAR_PATHS.egressOut),
    egressState: below(SIDECAR_PATHS.egressState),
    superviseIn: below(SIDECAR_PATHS.superviseIn),
    superviseOut: below(SIDECAR_PATHS.superviseOut),
    bundleOut: below(SIDECAR_PATHS.bundleOut),
    queue: below(SIDECAR_PATHS.queue),
  };
}
