import type { Preflight, PreflightHost } from '../model/preflight.ts';
import { sanitizeLine } from '../model/sanitize.ts';

/**
 * The one text form of a preflight, for `bb start` and the viewer: what an operator says yes to. Sanitised; names only.
 *
 * ```
 * dev-4k1zq, an instance of dev
 *   backend       docker, runtime runsc
 *   routes        api.example.test: GET /v1/*, with secret example (routes/dev.yaml:3)
 *   not enforced  pipelock: built-in
 * ```
 */
export function formatPreflight(preflight: Preflight): string {
  const { bottle, agent, label } = preflight;
  const called = label === null ? '' : ` (${label})`;
  return [`${bottle}${called}, an instance of ${agent}`, ...rows(preflight).flatMap(formatRow)]
    .map((line) => sanitizeLine(line))
    .join('\n');
}

/** A title and its lines; none are told as `none`, because what is absent is part of the answer. */
type Row = readonly [title: string, lines: readonly string[]];

const TITLE_WIDTH = 14;

function rows(preflight: Preflight): readonly Row[] {
  const { backend, runtime, prompt, workspace, gitUser, pending } = preflight;
  return [
    ['provider', [preflight.provider]],
    ['backend', [backend === null ? 'none can be chosen' : `${backend}, runtime ${runtime}`]],
    ['image', [preflight.image]],
    ['composed of', preflight.bottles.length === 0 ? [] : [preflight.bottles.join(', ')]],
    ['networks', [preflight.networks]],
    ['resources', [preflight.resources]],
    ['routes', preflight.routes.flatMap(routeLines)],
    ['whole hosts', preflight.allowlist.map((host) => `${host.host}${noteOf(host)}`)],
    ...(preflight.denied.length === 0
      ? []
      : [['denied', preflight.denied.map(deniedLine)] satisfies Row]),
    ['environment', preflight.env.map(({ name, from }) => `${name}, ${from}`)],
    ['prompt', prompt === null ? [] : [prompt]],
    ['skills', preflight.skills.length === 0 ? [] : [preflight.skills.join(', ')]],
    ['workspace', workspace === null ? [] : [`a copy of ${workspace}`]],
    ['git user', gitUser === null ? [] : [gitUser]],
    ['updates', [preflight.updatePolicy]],
    ['not enforced', preflight.notEnforced],
    ...(pending === null ? [] : [['waits for', [pending]] satisfies Row]),
  ];
}

function routeLines(route: Preflight['routes'][number]): readonly string[] {
  const secret = route.secret === null ? '' : `, with secret ${route.secret}`;
  return route.requests.map((request) => `${route.host}: ${request}${secret}${noteOf(route)}`);
}

function deniedLine({ host, reason, origin }: Preflight['denied'][number]): string {
  return `${host}${reason === null ? '' : `, ${reason}`}${noteOf({ expires: null, origin })}`;
}

function noteOf({ expires, origin }: Omit<PreflightHost, 'host'>): string {
  const until = expires === null ? '' : `, until ${expires}`;
  return origin === null ? until : `${until} (${origin})`;
}

function formatRow([title, lines]: Row): readonly string[] {
  const [first = 'none', ...others] = lines;
  return [
    `  ${title.padEnd(TITLE_WIDTH)}${first}`,
    ...others.map((line) => `  ${''.padEnd(TITLE_WIDTH)}${line}`),
  ];
}
