import type { Machine } from '../../../src/backends/embedded/seccomp/denied-calls.ts';

/** A system call as a filter sees it: low words only. */
interface Call {
  readonly architecture: number;
  readonly nr: number;
  readonly args: readonly [number, number];
}

/** The kernel's `AUDIT_ARCH_*`. */
export function architectureOf(machine: Machine): number {
  return { x64: 0xc000003e, arm64: 0xc00000b7 }[machine];
}

/** Runs a filter the way the kernel does, independently of how it was assembled. */
export function verdictOf(filter: Uint8Array, call: Call): string {
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const data = new Map([
    [0, call.nr >>> 0],
    [4, call.architecture >>> 0],
    [16, call.args[0] >>> 0],
    [24, call.args[1] >>> 0],
  ]);
  let accumulator = 0;
  for (let at = 0; at * 8 < filter.length; at += 1) {
    const code = view.getUint16(at * 8, true);
    const value = view.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean) => {
      at += view.getUint8(at * 8 + (holds ? 2 : 3));
    };
    switch (code) {
      case 0x20: {
        const loaded = data.get(value);
        if (loaded === undefined)
          throw new Error(`reads offset ${value}, which it has no need for`);
        accumulator = loaded;
        break;
      }
      case 0x15:
        jump(accumulator === value);
        break;
      case 0x35:
        jump(accumulator >= value);
        break;
      case 0x45:
        jump((accumulator & value) !== 0);
        break;
      case 0x06:
        if (value === 0x7fff0000) return 'allowed';
        return value >>> 16 === 5 ? `error ${value & 0xffff}` : `unknown ${value}`;
      default:
        throw new Error(`unknown instruction ${code}`);
    }
  }
  throw new Error('the filter ends without a verdict');
}
