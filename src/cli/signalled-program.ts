import { randomUUID } from 'node:crypto';

/** A program in a bottle that signals can be sent to: what runs it on this side cannot hand them on. */
export interface SignalledProgram {
  /** What is run in the bottle. */
  readonly argv: readonly string[];
  /** What sends it a signal when it is run there; ends with 0 when the program was there. */
  signal(name: NodeJS.Signals): readonly string[];
}

/** Marks a program where it is found from within: its id out here is that of somebody else. */
export function signalledProgram(argv: readonly string[]): SignalledProgram {
  const mark = randomUUID();
  return {
    argv: ['env', `BB_EXEC=${mark}`, ...argv],
    signal: (name) => ['sh', '-c', SEND, 'sh', mark, name.replace(/^SIG/, '')],
  };
}

/**
 * The mark is in the environment of the program and of all that it starts, which are for it to tell. Where none can be
 * read, each being in a user namespace of its own, it is among the arguments of what started the program.
 */
const SEND = `
mark=BB_EXEC=$1 found=1
has() { tr '\\0' '\\n' 2>/dev/null < "/proc/$2/$1" | grep -qFx "$mark"; }
for folder in /proc/[0-9]*; do
  id=\${folder##*/}
  parent=$(sed -n 's/^PPid:[^0-9]*//p' "$folder/status" 2>/dev/null)
  has cmdline "$parent" || { has environ "$id" && ! has environ "$parent"; } || continue
  kill -s "$2" "$id" && found=0
done
exit $found
`;
