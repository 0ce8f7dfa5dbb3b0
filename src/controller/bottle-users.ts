/** The user that `images/agent.Dockerfile` makes. */
export const AGENT_USER = { uid: 1000, gid: 1000 };

const SIDECAR_USER = { uid: 64_101, gid: 64_101 };

/** Without root the sidecars can only be ourselves; with it they are nobody else. */
export function ownSidecarUser(): { readonly uid: number; readonly gid: number } {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? SIDECAR_USER : { uid, gid: process.getgid?.() ?? uid };
}
