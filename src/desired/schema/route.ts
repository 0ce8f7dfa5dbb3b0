import { z } from 'zod';
import { parseCidr } from '../cidr.ts';
import { parseHost } from '../host-name.ts';
import { type Parsed, refuse } from '../parsed.ts';
import { quote } from '../problems.ts';
import { parseSafeRegex } from '../regex/safety.ts';
import { checkedText } from './checked-text.ts';
import { instant, secretName } from './texts.ts';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** Headers that frame a message or name its receiver: a route neither matches nor sets them. */
const FRAMING =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/i;

export const host = checkedText(parseHost, 'host name, optionally with a leading "*."');

/** An absolute path as egress compares it: normalised, without query. */
function parsePath(raw: string): Parsed<string> {
  if (!raw.startsWith('/'))
    return refuse('invalid-value', `${quote(raw)} is not an absolute path`, 'begin with "/"');
  if (!/^[!-~]{1,2048}$/.test(raw) || /[?#\\"<>^`{|}]/.test(raw)) {
    return refuse(
      'invalid-value',
      `${quote(raw)} has characters that a path cannot have`,
      'write others as %XX; queries are not matched',
    );
  }
  if (/%(?![0-9A-F]{2})/.test(raw)) {
    return refuse(
      'invalid-value',
      `${quote(raw)} has a broken percent escape`,
      'write it like %20, in upper case',
    );
  }
  if (/\/(?:\.|%2E){1,2}(?:\/|$)/.test(raw) || raw.includes('//')) {
    return refuse(
      'invalid-value',
      `${quote(raw)} is not normalised`,
      'no ".", ".." or empty segments',
    );
  }
  return { ok: true, value: raw };
}

/** An HTTP method in upper case; egress never forwards `CONNECT` and `TRACE`. */
export function parseMethod(raw: string): Parsed<string> {
  if (/^(?!(?:CONNECT|TRACE)$)[A-Z]{1,20}$/.test(raw)) return { ok: true, value: raw };
  return refuse(
    'invalid-value',
    `${quote(raw)} is not a method`,
    'upper case: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  );
}

function parseHeaderName(raw: string): Parsed<string> {
  if (TOKEN.test(raw) && !FRAMING.test(raw)) return { ok: true, value: raw };
  return refuse(
    'invalid-value',
    `${quote(raw)} is not a header that a route can use`,
    'e.g. X-Api-Key',
  );
}

function parseHeaderValue(raw: string): Parsed<string> {
  if (/^[\t -~]{0,1024}$/.test(raw)) return { ok: true, value: raw };
  return refuse(
    'invalid-value',
    `${quote(raw)} is not a header value`,
    'printable ASCII on one line',
  );
}

const path = checkedText(parsePath, 'absolute path');
const headerName = checkedText(parseHeaderName, 'name of a request header');

const pathMatch = z.union(
  [
    z.strictObject({ prefix: path }),
    z.strictObject({ exact: path }),
    z.strictObject({
      regex: checkedText(parseSafeRegex, 'anchored, linear-time regular expression'),
    }),
  ],
  { error: 'is one of {prefix: /v1/}, {exact: /login} or {regex: "^/[a-z]+$"}' },
);

const routeMatch = z.strictObject({
  paths: z.array(pathMatch).min(1).meta({ description: 'any of these paths' }).optional(),
  methods: z
    .array(checkedText(parseMethod, 'HTTP method'))
    .min(1)
    .meta({ description: 'any of these methods' })
    .optional(),
  headers: z
    .array(
      z.strictObject({ name: headerName, exact: checkedText(parseHeaderValue, 'the whole value') }),
    )
    .min(1)
    .meta({ description: 'all of these headers' })
    .optional(),
});

export const routeAuth = z.union(
  [
    z.strictObject({ scheme: z.enum(['Bearer', 'token', 'Basic']), secret: secretName }),
    z.strictObject({ header: headerName, secret: secretName }),
  ],
  { error: 'is {scheme: Bearer, secret: name} or {header: X-Api-Key, secret: name}' },
);

const dlp = z.strictObject({
  outbound: z
    .array(z.enum(['token_patterns', 'known_secrets', 'entropy']))
    .min(1)
    .optional(),
  onMatch: z.enum(['block', 'redact', 'supervise']).optional(),
});

const route = z.strictObject({
  host,
  ports: z
    .array(z.int().min(1).max(65535))
    .min(1)
    .meta({ description: 'ports that this route speaks for' })
    .optional(),
  paths: z
    .array(path)
    .min(1)
    .meta({ description: 'short form: path prefixes, any method' })
    .optional(),
  matches: z
    .array(routeMatch)
    .min(1)
    .meta({ description: 'entries OR-ed, fields of one AND-ed, values of a field OR-ed' })
    .optional(),
  auth: routeAuth.meta({ description: 'credential that egress injects' }).optional(),
  dlp: dlp.optional(),
  git: z.strictObject({ fetch: z.boolean().optional() }).optional(),
  getBody: z
    .boolean()
    .meta({ description: 'GET may come with a body, as some search interfaces want' })
    .optional(),
  addresses: z
    .array(checkedText(parseCidr, 'address block'))
    .min(1)
    .meta({ description: 'private addresses that the host may resolve to' })
    .optional(),
  expires: instant.optional(),
});

/** `routes/<name>.yaml` as a person writes it. */
export const routesSchema = z.strictObject({ routes: z.array(route) }).meta({
  title: 'routes/<name>.yaml',
  description: 'Egress routes: host, path, method, credential',
});

export type WrittenRoutes = z.infer<typeof routesSchema>;
export type WrittenRoute = WrittenRoutes['routes'][number];
export type WrittenAuth = z.infer<typeof routeAuth>;
