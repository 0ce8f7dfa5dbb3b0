import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Programs of Engine 29 and gVisor, each of the version that the project is tested with. */
const MODULES = [
  { module: 'github.com/moby/moby/v2/cmd/dockerd@v2.0.0-beta.24', cgo: true, tags: null },
  { module: 'github.com/containerd/containerd/v2/cmd/containerd@v2.2.9', cgo: true, tags: null },
  {
    module: 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@v2.2.9',
    cgo: true,
    tags: null,
  },
  { module: 'github.com/opencontainers/runc@v1.4.3', cgo: true, tags: 'seccomp' },
  {
    module: 'gvisor.dev/gvisor/runsc@v0.0.0-20260905035102-160fafc42237',
    cgo: false,
    tags: null,
  },
] as const;

/** The folder with these programs, or why they cannot be had here. */
export type ModernEngine =
  | { readonly kind: 'programs'; readonly folder: string; readonly runsc: string }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Builds what is missing with `go install`, about four minutes the first time, and keeps it in the user's cache by
 * version.
 */
export function modernEngine(onProgress: (line: string) => void): ModernEngine {
  const versions = MODULES.map(({ module }) => module.split('@')[1]);
  const folder = join(cacheFolder(), 'bb/engines', `docker-${versions[0]}`);
  const found = { kind: 'programs', folder, runsc: join(folder, 'runsc') } as const;
  if (existsSync(join(folder, 'complete'))) return found;
  if (!hasGo()) return { kind: 'none', reason: 'Go is not installed' };
  mkdirSync(folder, { recursive: true });
  try {
    for (const { module, cgo, tags } of MODULES) {
      onProgress(`go install ${module}`);
      execFileSync('go', ['install', ...(tags === null ? [] : ['-tags', tags]), module], {
        env: { ...process.env, GOBIN: folder, CGO_ENABLED: cgo ? '1' : '0' },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    }
  } catch (error) {
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) };
  }
  writeFileSync(join(folder, 'complete'), `${versions.join('\n')}\n`);
  return found;
}

function cacheFolder(): string {
  return process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
}

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
