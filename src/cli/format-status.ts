import { sanitizeLine } from '../model/sanitize.ts';
import type { BottleStatus, FleetStatus } from '../model/status.ts';
import { formatAge, shortRevision } from './age.ts';
import { type BottleState, bottleState, conditionOf, isFleetSuspended } from './bottle-summary.ts';
import type { Paint, Style } from './colour.ts';
import { counted } from './counted.ts';
import { formatTable } from './table.ts';

const WEIGHT_STYLE: { readonly [weight in BottleState['weight']]: Style } = {
  good: 'green',
  busy: 'cyan',
  attention: 'yellow',
  bad: 'red',
  quiet: 'dim',
};

/** `bb status`: the source and what is not enforced first, then a row for each bottle. */
export function formatStatus(status: FleetStatus, nowMs: number, paint: Paint): readonly string[] {
  const rows = status.bottles.map((bottle) => bottleRow(bottle, nowMs, paint));
  const table = formatTable(
    ['BACKEND', 'AGENT', 'SLUG', 'STATE', 'REVISION', 'SIDECARS', 'AGE', 'WAITS FOR'],
    rows,
  );
  return [...header(status, nowMs, paint), '', ...(table.length === 0 ? ['no bottles'] : table)];
}

function header(status: FleetStatus, nowMs: number, paint: Paint): readonly string[] {
  const applied = shortRevision(status.lastAppliedRevision);
  const tip = shortRevision(status.revision);
  const fleet = status.fleet ?? '?';
  const controller =
    status.controllerPid === null ? 'no controller runs' : `controller ${status.controllerPid}`;
  return [
    `${paint('bold', fleet)}  ${sanitizeLine(status.branch)}@${tip}, applied ${applied}, ${controller}`,
    ...remoteLine(status, nowMs).map((line) => paint('dim', line)),
    ...banners(status).map((banner) => paint(['bold', 'yellow'], banner)),
    ...status.backends.map(
      ({ name, available, detail }) =>
        `${available ? paint('green', name) : paint('red', `${name}: not available`)}  ${sanitizeLine(detail)}`,
    ),
  ];
}

/** Where the branch comes from and how fresh that is, for a remote. */
function remoteLine({ remote }: FleetStatus, nowMs: number): readonly string[] {
  if (remote === null) return [];
  const { url, contactedAt } = remote;
  const asked =
    contactedAt === null ? 'never reached' : `asked ${formatAge(contactedAt, nowMs)} ago`;
  return [`follows ${sanitizeLine(url)}, ${asked}`];
}

/** What of a remote must not be overlooked. */
function remoteBanners({ remote }: FleetStatus): readonly string[] {
  if (remote === null) return [];
  const { unreachable, waiting } = remote;
  const held = waiting === 0 ? '' : `; ${counted(waiting, 'decision')} wait for it`;
  if (unreachable === null) return waiting === 0 ? [] : [`NOT IN THE REMOTE YET${held}`];
  const { since, message } = unreachable;
  return [
    `REMOTE UNREACHABLE since ${sanitizeLine(since)}: ${sanitizeLine(message)}; the last commit that was seen stays in force${held}`,
  ];
}

/** What must not be overlooked, each in one line. */
export function banners(status: FleetStatus): readonly string[] {
  const source = conditionOf(status.conditions, 'SourceReady');
  return [
    ...(isFleetSuspended(status.conditions)
      ? ['SUSPENDED: nothing is changed, bottles run on']
      : []),
    ...remoteBanners(status),
    ...(source?.status === 'False' ? [`SOURCE NOT READY: ${sanitizeLine(source.message)}`] : []),
    ...(status.notEnforced.length === 0
      ? []
      : [`NOT ENFORCING: ${status.notEnforced.map((text) => sanitizeLine(text)).join('; ')}`]),
  ];
}

function bottleRow(bottle: BottleStatus, nowMs: number, paint: Paint): readonly string[] {
  const state = bottleState(bottle);
  return [
    bottle.backend ?? '?',
    sanitizeLine(bottle.agent ?? '?'),
    bottle.name,
    paint(WEIGHT_STYLE[state.weight], state.word),
    shortRevision(bottle.lastAppliedRevision),
    formatSidecars(bottle),
    formatAge(bottle.startedAt, nowMs),
    sanitizeLine(waitsFor(bottle, state), 60),
  ];
}

/** `egress,supervise`; a sidecar that does not run is named with its state. */
export function formatSidecars(bottle: BottleStatus): string {
  if (bottle.sidecars.length === 0) return '?';
  return bottle.sidecars
    .map(({ name, state }) => (isUp(state) ? name : `${name}:${state}`))
    .map((text) => sanitizeLine(text))
    .join(',');
}

function isUp(state: string): boolean {
  return state === 'running' || state === 'ready';
}

/** What a bottle waits for, in words; empty when it waits for nothing. */
export function waitsFor(bottle: BottleStatus, state: BottleState): string {
  if (bottle.pending !== null) return `${bottle.pending.impact}: ${bottle.pending.waitsFor}`;
  if (state.message !== '') return state.message;
  const { pendingProposals: count } = bottle;
  return count === 0 ? '' : counted(count, 'proposal');
}
