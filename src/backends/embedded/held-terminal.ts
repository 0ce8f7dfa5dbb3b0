import { quote } from './quote.ts';

/** Files on the host that a way into a container is opened with. */
export interface WayFiles {
  readonly arguments: string;
  readonly seccomp: string;
  /** Notes who works there; see `NOTING`. */
  readonly session: string;
}

/**
 * Runs a way in with its descriptors, and notes who works there for as long as they do: see `isBusy`. Its arguments are
 * the three of `WayFiles`, then the way and its program.
 */
const NOTING = `exec 3<"$1" 4<"$2"
session="$3.$$.session"
shift 3
trap : INT
trap 'exit 129' HUP
trap 'exit 143' TERM
trap 'rm -f "$session"' EXIT
read -r line < /proc/$$/stat && echo "$line" > "$session"
"$@"`;

/** argv of a way in whose use is noted. */
export function notedWay(files: WayFiles, way: readonly string[]): readonly string[] {
  return ['sh', '-c', NOTING, 'sh', files.arguments, files.seccomp, files.session, ...way];
}

/**
 * argv that attaches to the terminal that is held inside under `name`, and has one made where there is none: `argv` runs
 * in it and goes on when whoever attached is gone. Who holds it is `dtach`, inside, and it is always attached to from
 * inside: its socket is the agent's to swap.
 *
 * `inside` leads in with a terminal or, for who holds, without one.
 */
export function heldTerminal(options: {
  readonly name: string;
  readonly argv: readonly string[];
  readonly attach: { readonly files: WayFiles; readonly way: readonly string[] };
  readonly hold: { readonly files: WayFiles; readonly way: readonly string[] };
}): readonly string[] {
  const { name, argv, attach, hold } = options;
  const socket = `/run/bb-terminal-${name}`;
  const inside = (script: string, ...more: readonly string[]) => [
    ...hold.way,
    ...['sh', '-c', script, 'sh', socket, ...more],
  ];
  const unnoted = (command: readonly string[]) =>
    `${joined(command)} 3<${quote(hold.files.arguments)} 4<${quote(hold.files.seccomp)} >/dev/null 2>&1 </dev/null`;
  const holder = notedWay(hold.files, inside(HOLD, 'sh', '-c', PROGRAM, 'sh', socket, ...argv));
  const ensure = [
    `${unnoted(inside(ASK))} && exit`,
    `setsid --fork ${joined(holder)} >/dev/null 2>&1 </dev/null`,
    unnoted(inside(AWAIT)),
  ].join('\n');
  const lock = `${hold.files.session}.terminal`;
  const attached = notedWay(attach.files, [...attach.way, 'sh', '-c', ATTACH, 'sh', socket]);
  return [
    'sh',
    '-c',
    `flock --close ${quote(lock)} sh -c ${quote(ensure)}; exec ${joined(attached)}`,
  ];
}

const ASK = 'dtach -p "$1"';
const AWAIT = 'n=0; until dtach -p "$1"; do n=$((n+1)); [ $n -lt 100 ] || exit 1; sleep 0.05; done';
/** What is left of a socket whose holder was killed is in the way of the next. */
const HOLD =
  'socket=$1; shift; rm -f "$socket" "$socket.ended"; exec dtach -N "$socket" -r winch "$@"';

/** Begins when somebody looks, so that nothing that it says is missed; then leaves how it ended. */
const PROGRAM = `trap : INT QUIT TSTP
socket=$1 n=0
shift
until [ "$(stty size)" != '0 0' ] || [ $n -ge 100 ]; do n=$((n+1)); sleep 0.05; done
"$@"
echo $? > "$socket.ended"`;

/** Exits as the program did when that has ended; a terminal that was left exits with 0. */
const ATTACH = `dtach -a "$1" -r winch || exit
[ ! -e "$1.ended" ] || exit "$(cat "$1.ended")"`;

function joined(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}
