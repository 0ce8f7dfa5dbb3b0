import type { LoginFacts } from '../../model/providers/provider.ts';

/** Values of secrets, read on the host at the moment they are needed; they go into sidecar files and nowhere else. */
export interface Secrets {
  /** Version of each of these names that has a value. A name without one is absent, with its reason in `problems`. */
  versions(names: readonly string[]): Promise<SecretVersions>;
  /** Values with the same versions. */
  values(names: readonly string[]): Promise<ReadonlyMap<string, SecretValue>>;
  /** What may be told of a secret that is a person's login; null for any other, and where it has no value. */
  login(name: string): Promise<LoginFacts | null>;
}

interface SecretVersions {
  readonly versions: { readonly [name: string]: string };
  /** Why a name has no value: which source, and what to do. Never holds a value. */
  readonly problems: { readonly [name: string]: string };
}

export interface SecretValue {
  readonly version: string;
  readonly value: string;
}
