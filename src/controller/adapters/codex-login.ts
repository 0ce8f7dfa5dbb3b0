import { z } from 'zod';
import type { LoginFacts } from '../../model/providers/provider.ts';

/** A person's ChatGPT login as the codex program keeps it, or what is wrong with it. Never holds a part of a token. */
export type CodexLogin =
  | { readonly ok: true; readonly accessToken: string; readonly facts: LoginFacts }
  | { readonly ok: false; readonly problem: string };

const FIX = 'run `codex login` on this machine';

/** Only what is read; codex keeps more in it. */
const authFile = z.object({
  tokens: z.object({ access_token: z.string().min(1), account_id: z.string().nullish() }).nullish(),
});

const claims = z.object({ exp: z.number().int().positive() });

/** Reads the text of codex's `auth.json`. The access token alone is taken: refreshing stays codex's own work. */
export function parseCodexLogin(text: string, nowMs: number): CodexLogin {
  const file = authFile.safeParse(parseJson(text));
  if (!file.success) return refused('is not the auth.json of codex');
  const { tokens } = file.data;
  if (tokens === undefined || tokens === null) {
    return refused(
      'holds no ChatGPT login; an API key is a secret of its own, from a file or variable',
    );
  }
  const [, payload = ''] = tokens.access_token.split('.');
  const read = claims.safeParse(parseJson(Buffer.from(payload, 'base64url').toString('utf8')));
  if (!read.success) return refused('holds an access token without an expiry');
  const expiresMs = read.data.exp * 1000;
  if (expiresMs <= nowMs) return refused('holds an access token that has expired');
  if (Number.isNaN(new Date(expiresMs).getTime()))
    return refused('holds an expiry that is no time');
  return {
    ok: true,
    accessToken: tokens.access_token,
    facts: {
      expiresAt: new Date(expiresMs).toISOString(),
      accountId: tokens.account_id ?? null,
    },
  };
}

function refused(why: string): CodexLogin {
  return { ok: false, problem: `${why}: ${FIX}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
