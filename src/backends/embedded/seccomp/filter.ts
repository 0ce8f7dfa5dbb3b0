import { assemble, type Instruction } from './assembler.ts';
import { deniedCalls, INSPECTED_CALLS, type Machine } from './denied-calls.ts';

/** Verdicts of the kernel; an error has its number in the low half. */
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97];

/** Offsets in `struct seccomp_data`; of an argument the low word, which is all that these calls read. */
const [NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT] = [0, 4, 16, 24];

const ARCHITECTURES: { readonly [machine in Machine]: number } = {
  x64: 0xc000003e,
  arm64: 0xc00000b7,
};
/** Numbers of the x32 interface, which would be a second way to every call. */
const X32_BIT = 0x40000000;

/** `CLONE_NEW*` of every kind that `clone` takes. */
const NEW_NAMESPACES = 0x7e020000;
/** UNIX, INET, INET6, NETLINK. Some of the others, VSOCK above all, are not confined by a network namespace. */
const SOCKET_FAMILIES = [1, 2, 10, 16];
/** `TIOCSTI` and `TIOCLINUX` type into a terminal on behalf of its owner. */
const TYPING_REQUESTS = [0x5412, 0x541c];

/** Whether a filter can be made for this machine. */
export function isFilteredMachine(machine: string): machine is Machine {
  return machine === 'x64' || machine === 'arm64';
}

/** The filter that every program in a bottle runs under. Programs of another architecture find no system at all. */
export function seccompFilter(machine: Machine): Uint8Array {
  const is = (value: number, to: string): Instruction => ({ op: 'jump', test: 'equal', value, to });
  const load = (offset: number): Instruction => ({ op: 'load', offset });
  const label = (name: string): Instruction => ({ op: 'label', name });
  const give = (value: number): Instruction => ({ op: 'return', value });
  const number = (name: keyof typeof INSPECTED_CALLS) => INSPECTED_CALLS[name][machine];
  return assemble([
    load(ARCHITECTURE),
    { op: 'jump', test: 'not-equal', value: ARCHITECTURES[machine], to: 'no such call' },
    load(NUMBER),
    { op: 'jump', test: 'at-least', value: X32_BIT, to: 'no such call' },
    ...deniedCalls(machine).map(([, denied]) => is(denied, 'not permitted')),
    // Its flags are in memory, out of a filter's reach: the C library then falls back to clone.
    is(number('clone3'), 'no such call'),
    is(number('clone'), 'clone'),
    is(number('socket'), 'socket'),
    is(number('socketpair'), 'socket'),
    is(number('ioctl'), 'ioctl'),
    give(ALLOW),
    label('clone'),
    load(FIRST_ARGUMENT),
    { op: 'jump', test: 'any-bit', value: NEW_NAMESPACES, to: 'not permitted' },
    give(ALLOW),
    label('socket'),
    load(FIRST_ARGUMENT),
    ...SOCKET_FAMILIES.map((family) => is(family, 'allowed')),
    give(ERRNO | EAFNOSUPPORT),
    label('ioctl'),
    load(SECOND_ARGUMENT),
    ...TYPING_REQUESTS.map((request) => is(request, 'not permitted')),
    label('allowed'),
    give(ALLOW),
    label('not permitted'),
    give(ERRNO | EPERM),
    label('no such call'),
    give(ERRNO | ENOSYS),
  ]);
}
