import type { BottleName } from './names.ts';

/** Host paths of one bottle's state. Pure: strings in, strings out. */
export interface BottleLayout {
  readonly root: string;
  readonly egressIn: string;
  readonly egressOut: string;
  readonly egressState: string;
  readonly superviseIn: string;
  readonly superviseOut: string;
  readonly bundleOut: string;
  /** Mounted read-only into the agent: `ca.pem`, and the same as `ca.jks`. */
  readonly trust: string;
  /** Proposals and answers; outlives the bottle's other state until they are archived. */
  readonly queue: string;
  readonly metadata: string;
  /** There while the agent's files are to outlive the bottle, because it crashed. */
  readonly preservedMark: string;
  /** Transcripts of the agent's sessions, from before it was last replaced. */
  readonly sessions: string;
  /** Where its state is when the bottle is gone and was worth keeping. */
  readonly preserved: string;
}

/** Where the state of `bottle` is below the fleet's state directory. */
export function bottleLayout(stateDirectory: string, bottle: BottleName): BottleLayout {
  const root = `${stateDirectory}/bottles/${bottle}`;
  return {
    root,
    egressIn: `${root}/egress/in`,
    egressOut: `${root}/egress/out`,
    egressState: `${root}/egress/state`,
    superviseIn: `${root}/supervise/in`,
    superviseOut: `${root}/supervise/out`,
    bundleOut: `${root}/bundle/out`,
    trust: `${root}/trust`,
    queue: `${stateDirectory}/queue/${bottle}`,
    metadata: `${root}/metadata.json`,
    preservedMark: `${root}/preserved.json`,
    sessions: `${root}/sessions.tar`,
    preserved: `${stateDirectory}/preserved/${bottle}`,
  };
}

/** Where the same folders are seen inside the sidecars component. */
export const SIDECAR_PATHS = {
  egressIn: '/bb/egress/in',
  egressOut: '/bb/egress/out',
  egressState: '/bb/egress/state',
  superviseIn: '/bb/supervise/in',
  superviseOut: '/bb/supervise/out',
  bundleOut: '/bb/bundle/out',
  queue: '/bb/queue',
} as const;

/** Where the agent sees its trust folder. */
export const AGENT_TRUST_PATH = '/etc/bb/trust';

/** The same certificate as `ca.pem` there, for programs in Java. */
export const AGENT_JAVA_STORE = `${AGENT_TRUST_PATH}/ca.jks`;

/** Where the agent sees the host's folder of agent programs, when there is one. */
export const AGENT_PROGRAMS = '/opt/programs';
