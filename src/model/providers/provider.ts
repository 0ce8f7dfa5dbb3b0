import type { RouteAuth } from '../egress-route.ts';

/** How an agent's program is made to believe that it is signed in; the credential itself is added at egress. */
export type ProviderLogin = 'none' | 'bearer' | 'api-key';

/** What an agent holds where a credential belongs. Egress takes it off every request. */
export const PLACEHOLDER = 'placeholder-the-real-one-is-added-by-egress';

/** Home of the agent's user in every agent image, and the folder that its sessions begin in. */
export const AGENT_HOME = '/home/agent';
export const AGENT_WORK = `${AGENT_HOME}/work`;
/** Where a bottle keeps its agent's prompt. */
export const PROMPT_FILE = `${AGENT_HOME}/.bb/prompt.md`;

/** A session in a terminal, as a person asks for it. */
interface SessionRequest {
  /** True goes on with the last session, without asking which: only where there is one. */
  readonly resume: boolean;
  /** The bottle has a prompt, at `PROMPT_FILE`. */
  readonly hasPrompt: boolean;
  readonly label: string | null;
}

/** A session without a terminal that ends by itself. */
interface HeadlessRequest {
  readonly text: string;
  readonly hasPrompt: boolean;
}

/** What the host tells of a login without giving it away. */
export interface LoginFacts {
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly accountId: string | null;
}

/** What a provider's files are rendered from. */
export interface ProviderFacts {
  readonly login: ProviderLogin;
  /** Of the host's own login that egress uses, where the secret is one. */
  readonly account: LoginFacts | null;
  readonly nowMs: number;
}

/** One file of a provider, relative to the agent's home; only the agent may read it. */
interface ProviderFile {
  readonly path: string;
  readonly text: string;
}

/** The program of a provider, and the versions that its command lines are known for. */
export interface ProviderProgram {
  readonly name: string;
  /** Oldest one that has every flag used here. */
  readonly since: string;
  /** Newest one that was tried; one of a later major version is unknown. */
  readonly tried: string;
}

/**
 * What knows an agent's command line: data and pure functions. One file each; `provider-of.ts` lists them.
 */
export interface Provider {
  /** Null where nothing is known of the program's versions. */
  readonly program: ProviderProgram | null;
  /** Folder of skills, relative to the agent's home. */
  readonly skills: string;
  /** Pattern of files, relative to home, that are there when there is a session to go on with; null = cannot. */
  readonly transcripts: string | null;
  session(request: SessionRequest): readonly string[];
  /** Null where the program has no such sessions. */
  headless(request: HeadlessRequest): readonly string[] | null;
  /** The program's own command that makes the MCP server at `url` known to it; null where it has none. */
  registration(url: string): readonly string[] | null;
  /** Variables that can be shown: placeholders and switches. */
  env(login: ProviderLogin): { readonly [name: string]: string };
  files(facts: ProviderFacts): readonly ProviderFile[];
}

/** What a credential looks like to the program; null where no provider sends one this way. */
export function loginOf(auth: RouteAuth | null): ProviderLogin | null {
  if (auth === null) return 'none';
  if (auth.scheme === 'Bearer') return 'bearer';
  return auth.scheme === 'header' && auth.header === 'x-api-key' ? 'api-key' : null;
}
