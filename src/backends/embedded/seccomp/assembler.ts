/** Classic BPF, as much of it as a filter of system calls needs. Jumps go forward to labels. */
export type Instruction =
  | { readonly op: 'load'; readonly offset: number }
  /** Goes to `to` when the test holds, else to the next instruction. */
  | { readonly op: 'jump'; readonly test: JumpTest; readonly value: number; readonly to: string }
  | { readonly op: 'return'; readonly value: number }
  | { readonly op: 'label'; readonly name: string };

type JumpTest = 'equal' | 'not-equal' | 'at-least' | 'any-bit';

const LOAD_WORD = 0x20;
const RETURN = 0x06;
const JUMPS = { equal: 0x15, 'not-equal': 0x15, 'at-least': 0x35, 'any-bit': 0x45 } as const;
const FARTHEST = 255;

/** The bytes that `prctl(PR_SET_SECCOMP)` takes: `struct sock_filter`, little-endian. Throws on a jump that it cannot say. */
export function assemble(program: readonly Instruction[]): Uint8Array {
  const labels = new Map<string, number>();
  const code: Exclude<Instruction, { op: 'label' }>[] = [];
  for (const instruction of program) {
    if (instruction.op === 'label') labels.set(instruction.name, code.length);
    else code.push(instruction);
  }
  const bytes = Buffer.alloc(code.length * 8);
  for (const [index, instruction] of code.entries()) {
    const write = (operation: number, whenTrue: number, whenFalse: number, value: number) => {
      bytes.writeUInt16LE(operation, index * 8);
      bytes.writeUInt8(whenTrue, index * 8 + 2);
      bytes.writeUInt8(whenFalse, index * 8 + 3);
      bytes.writeUInt32LE(value, index * 8 + 4);
    };
    if (instruction.op === 'load') write(LOAD_WORD, 0, 0, instruction.offset);
    else if (instruction.op === 'return') write(RETURN, 0, 0, instruction.value);
    else {
      const distance = (labels.get(instruction.to) ?? -1) - index - 1;
      if (distance < 0 || distance > FARTHEST) {
        throw new Error(`the filter cannot jump to ${instruction.to} from ${index}`);
      }
      const isNegated = instruction.test === 'not-equal';
      const [whenTrue, whenFalse] = isNegated ? [0, distance] : [distance, 0];
      write(JUMPS[instruction.test], whenTrue, whenFalse, instruction.value);
    }
  }
  return bytes;
}
