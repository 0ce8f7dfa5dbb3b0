/** What the kernel was asked, by the names of its settings; an absent one is not there. */
export interface KernelSettings {
  readonly [name: string]: string | undefined;
}

/** Settings that keep a user from making namespaces of their own. */
export const TELLING_SETTINGS = [
  'kernel/unprivileged_userns_clone',
  'kernel/apparmor_restrict_unprivileged_userns',
  'user/max_user_namespaces',
] as const;

const PROFILE =
  'give /usr/bin/bwrap and /usr/bin/unshare an AppArmor profile with `userns,`, or as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0';

/** What lets sandboxes be made here again; `said` is what the program that failed said. */
export function remedyFor(settings: KernelSettings, said: string): string {
  if (/unknown option/i.test(said)) return 'bubblewrap is too old: 0.8 or newer is needed.';
  if (settings['kernel/unprivileged_userns_clone'] === '0') {
    return 'As root: sysctl -w kernel.unprivileged_userns_clone=1';
  }
  if (settings['kernel/apparmor_restrict_unprivileged_userns'] === '1') {
    return `AppArmor restricts user namespaces: ${PROFILE}`;
  }
  if (settings['user/max_user_namespaces'] === '0') {
    return 'As root: sysctl -w user.max_user_namespaces=15000';
  }
  return 'Inside a container it needs a seccomp profile that lets namespaces be made, and an unmasked /proc.';
}
