import { z } from 'zod';
import type { AllowlistEntry, DenyEntry, EgressRoute } from '../../model/egress-route.ts';
import { type Fingerprint, parseFingerprint } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type {
  BundleStatus,
  EgressStatus,
  PipelockStatus,
  SuperviseStatus,
} from '../../model/sidecar.ts';

const text = z.string().max(4096);
const names = z.array(text).max(10_000);
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const message = text.transform((raw) => sanitizeLine(raw)).nullable();
const digest = z.string().transform((raw, context): Fingerprint => {
  const parsed = parseFingerprint(raw);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'not a fingerprint' });
  return z.NEVER;
});
const fingerprint = digest.nullable();

const route: z.ZodType<EgressRoute> = z.object({
  host: text,
  ports: z.array(count).max(1000),
  matches: z
    .array(
      z.object({
        paths: z.array(z.object({ kind: z.enum(['prefix', 'exact', 'regex']), value: text })),
        methods: names,
        headers: z.array(z.object({ name: text, exact: text })),
      }),
    )
    .max(10_000),
  auth: z
    .union([
      z.object({ scheme: z.enum(['Bearer', 'token', 'Basic']), secret: text }),
      z.object({ scheme: z.literal('header'), header: text, secret: text }),
    ])
    .nullable(),
  dlp: z
    .object({
      outbound: z.array(z.enum(['token_patterns', 'known_secrets', 'entropy'])),
      onMatch: z.enum(['block', 'redact', 'supervise']),
    })
    .nullable(),
  git: z.object({ fetch: z.boolean() }),
  getBody: z.exactOptional(z.literal(true)),
  addresses: names,
  expires: text.nullable(),
} satisfies Shape<EgressRoute>);

const allowlistEntry: z.ZodType<AllowlistEntry> = z.object({
  host: text,
  reason: text.nullable(),
  expires: text.nullable(),
} satisfies Shape<AllowlistEntry>);

const denial: z.ZodType<DenyEntry> = z.object({
  host: text,
  reason: text.nullable(),
  file: text,
} satisfies Shape<DenyEntry>);

/** A schema for every key of the model's type, optional ones included: one that is forgotten would be cut off. */
type Shape<Type> = { readonly [key in keyof Type]-?: z.ZodType };

const port = z.exactOptional(z.number().int().min(1).max(65_535));
const state = z.enum(['ready', 'degraded']);

const egress: z.ZodType<EgressStatus> = z.object({
  sidecar: z.literal('egress'),
  state,
  instance: text,
  startedAt: text,
  generation: count,
  tableHash: fingerprint,
  loadedAt: text.nullable(),
  error: message,
  refusedGeneration: count.nullable(),
  routes: z.array(route).max(10_000),
  allowlist: z.array(allowlistEntry).max(10_000),
  deny: z.exactOptional(z.array(denial).max(10_000)),
  secrets: z.record(text, text),
  caPem: z.string().max(65_536),
  port,
  pipelockConfig: z.exactOptional(digest),
} satisfies Shape<EgressStatus>);

const supervise: z.ZodType<SuperviseStatus> = z.object({
  sidecar: z.literal('supervise'),
  state,
  instance: text,
  startedAt: text,
  generation: count,
  settingsHash: fingerprint,
  waitSeconds: z.number(),
  maxPendingPerBottle: z.number(),
  error: message,
  port,
} satisfies Shape<SuperviseStatus>);

const pipelock: z.ZodType<PipelockStatus> = z.object({
  state,
  version: text.transform((raw) => sanitizeLine(raw, 40)).nullable(),
  configHash: fingerprint,
  error: message,
  blocked: count,
} satisfies Shape<PipelockStatus>);

const bundle: z.ZodType<BundleStatus> = z.object({
  programs: z
    .array(
      z.object({
        name: text.transform((raw) => sanitizeLine(raw, 60)),
        state: z.enum(['starting', 'running', 'backing-off', 'stopped']),
        restarts: count,
        lastExit: message,
      }),
    )
    .max(32),
  pipelock: z.exactOptional(pipelock),
} satisfies Shape<BundleStatus>);

/** A status as the model has it, or null: what a sidecar wrote is believed only in its exact form. */
export function parseEgressStatus(raw: unknown): EgressStatus | null {
  return egress.safeParse(raw).data ?? null;
}

/** As `parseEgressStatus`. */
export function parseSuperviseStatus(raw: unknown): SuperviseStatus | null {
  return supervise.safeParse(raw).data ?? null;
}

/** As `parseEgressStatus`. */
export function parseBundleStatus(raw: unknown): BundleStatus | null {
  return bundle.safeParse(raw).data ?? null;
}
