import type { Action, BottlePlan, BottleVerdict, Plan, PlannedAction } from '../model/action.ts';
import { assertNever } from '../model/assert-never.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { changeLine } from './change-lines.ts';

const SIGNS: { readonly [verdict in BottleVerdict]: string } = {
  unchanged: '=',
  create: '+',
  update: '~',
  repair: '!',
  remove: '-',
  withheld: '~',
  suspended: '.',
  blocked: 'x',
  unknown: '?',
};

const COLORS: { readonly [sign: string]: number } = {
  '+': 32,
  '-': 31,
  '~': 33,
  '!': 33,
  x: 31,
  '?': 35,
};

/**
 * The one text form of a plan, for `bb plan`, preflight, viewer and tests: a line per bottle that is not as desired,
 * its changes, its actions. Deterministic, sanitised; values of environments and secrets are not in it.
 *
 * ```
 * ~ dev on docker: update (reload)
 *     + /egress/routes/api.example.test {…}
 *   #1 reload egress: route api.example.test was added (routes/dev.yaml:3)
 * ```
 */
export function formatPlan(plan: Plan, options: { readonly color?: boolean } = {}): string {
  const paint = options.color === true ? colored : plain;
  const actions = Map.groupBy(plan.actions, (action) => action.bottle);
  const isQuiet = (bottle: BottlePlan) =>
    bottle.verdict === 'unchanged' && !actions.has(bottle.bottle);
  const lines = plan.bottles
    .filter((bottle) => !isQuiet(bottle))
    .flatMap((bottle) => bottleLines(bottle, actions.get(bottle.bottle) ?? [], paint));
  return [...refusalLines(plan, paint), ...lines, summaryLine(plan)].join('\n');
}

/** An action as a person would say it. Names only: no value of an environment, no version of a secret. */
export function describeAction(action: Action): string {
  return sanitizeLine(words(action));
}

type Paint = (sign: string, text: string) => string;

function plain(_sign: string, text: string): string {
  return text;
}

function colored(sign: string, text: string): string {
  const color = COLORS[sign];
  return color === undefined ? text : `\u001b[${color}m${text}\u001b[0m`;
}

function refusalLines({ refused }: Plan, paint: Paint): readonly string[] {
  if (refused === null) return [];
  return [
    paint('x', `refused: ${sanitizeLine(refused.reason)}`),
    `  ${sanitizeLine(refused.hint)}`,
  ];
}

function bottleLines(
  plan: BottlePlan,
  actions: readonly PlannedAction[],
  paint: Paint,
): readonly string[] {
  const sign = SIGNS[plan.verdict];
  const place = plan.backend === null ? '' : ` on ${plan.backend}`;
  const impact = plan.impact === 'none' ? '' : ` (${plan.impact})`;
  const drifted = plan.drifted ? ', drifted' : '';
  const title = sanitizeLine(`${plan.bottle}${place}: ${plan.verdict}${impact}${drifted}`);
  const changes = plan.changes.map(changeLine);
  return [
    paint(sign, `${sign} ${title}`),
    ...(plan.pending === null ? [] : [`    ${sanitizeLine(plan.pending)}`]),
    ...changes.map((line) => paint(line.sign, `    ${line.sign} ${line.text}`)),
    ...actions.map((action) => actionLine(action, plan.backend)),
  ];
}

function actionLine(planned: PlannedAction, home: string | null): string {
  const { id, backend, action, reason, dependsOn } = planned;
  const place = backend === home ? '' : ` on ${backend}`;
  const after = dependsOn.length === 0 ? '' : ` after ${dependsOn.map((on) => `#${on}`).join(' ')}`;
  return `  #${id} ${describeAction(action)}${sanitizeLine(place)}${after}: ${sanitizeLine(reason)}`;
}

function summaryLine(plan: Plan): string {
  const counts = Object.keys(SIGNS).flatMap((verdict) => {
    const count = plan.bottles.filter((bottle) => bottle.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${verdict}`];
  });
  const bottles = counts.length === 0 ? 'no bottles' : counts.join(', ');
  return `${bottles}; ${plan.actions.length} action${plan.actions.length === 1 ? '' : 's'}`;
}

function words(action: Action): string {
  switch (action.kind) {
    case 'ensure-image':
      return `make image ${action.image} present`;
    case 'render-sidecars':
      return 'render the sidecars';
    case 'create-network': {
      const { identity, subnet } = action.network;
      return `create ${identity.component} ${subnet}`;
    }
    case 'create-container': {
      const { identity, image, runtime } = action.container;
      const under = runtime === null ? '' : ` under ${runtime}`;
      return `create ${identity.component} container from ${image}${under}`;
    }
    case 'provision':
      return 'provision agent';
    case 'start':
      return `start ${action.component}`;
    case 'await-sidecars':
      return 'await the sidecars';
    case 'prove-isolation':
      return 'prove isolation';
    case 'register-tools':
      return 'register the supervise tools';
    case 'reload-sidecar':
      return `reload ${action.sidecar}`;
    case 'keep-sessions':
      return 'keep the transcripts of the agent';
    case 'stop':
      return `stop ${action.component}`;
    case 'remove':
      return `remove ${action.component}`;
    case 'snapshot':
      return `save ${action.component} as ${action.reference}`;
    case 'keep-state':
      return 'keep state';
    case 'remove-state':
      return 'remove state';
    default:
      return assertNever(action);
  }
}
