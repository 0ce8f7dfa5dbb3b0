import type { BottleName } from '../model/names.ts';

/** Files that belong to one instance by its name: where approvals for it land, and what `bb stop` removes with it. */
export function instanceFiles(instance: BottleName): {
  readonly routes: string;
  readonly allowlist: string;
} {
  return { routes: `routes/${instance}.yaml`, allowlist: `allowlists/${instance}.yaml` };
}

/** Where an approved image of one instance lands. */
export function instanceDockerfile(instance: BottleName): string {
  return `images/${instance}.Dockerfile`;
}
