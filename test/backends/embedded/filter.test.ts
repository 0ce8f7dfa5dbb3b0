import { describe, expect, it } from 'vitest';
import {
  deniedCalls,
  INSPECTED_CALLS,
  type Machine,
} from '../../../src/backends/embedded/seccomp/denied-calls.ts';
import { seccompFilter } from '../../../src/backends/embedded/seccomp/filter.ts';
import { architectureOf, verdictOf } from './filter-interpreter.ts';

const ALLOWED = 'allowed';
const NOT_PERMITTED = 'error 1';
const NO_SUCH_CALL = 'error 38';
const NO_SUCH_FAMILY = 'error 97';

/** Calls that programs live on, by machine. */
const NEEDED = {
  x64: { read: 0, write: 1, execve: 59, openat: 257, futex: 202, epoll_wait: 232, kill: 62 },
  arm64: { read: 63, write: 64, execve: 221, openat: 56, futex: 98, epoll_pwait: 22, kill: 129 },
};

describe.each(['x64', 'arm64'] as const)('the seccomp filter of %s', (machine: Machine) => {
  const filter = seccompFilter(machine);
  const judge = (nr: number, first = 0, second = 0) =>
    verdictOf(filter, { architecture: architectureOf(machine), nr, args: [first, second] });
  const inspected = (name: keyof typeof INSPECTED_CALLS) => INSPECTED_CALLS[name][machine];

  it.each(deniedCalls(machine))('%s is not permitted', (_name, nr) => {
    expect(judge(nr)).toBe(NOT_PERMITTED);
    expect(judge(nr, 1, 1)).toBe(NOT_PERMITTED);
  });

  it.each(Object.entries(NEEDED[machine]))('%s is allowed', (_name, nr) => {
    expect(judge(nr)).toBe(ALLOWED);
  });

  it('names each call once', () => {
    const numbers = deniedCalls(machine).map(([, nr]) => nr);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('gives sockets of UNIX, INET, INET6 and NETLINK, and of nothing else', () => {
    for (const name of ['socket', 'socketpair'] as const) {
      const families = Array.from({ length: 64 }, (_, family) => family);
      const given = families.filter((family) => judge(inspected(name), family) === ALLOWED);
      expect(given).toEqual([1, 2, 10, 16]);
      expect(judge(inspected(name), 40)).toBe(NO_SUCH_FAMILY);
      expect(judge(inspected(name), 0xffffffff)).toBe(NO_SUCH_FAMILY);
    }
  });

  it('clones processes and threads, and no namespace of any kind', () => {
    const [process, thread] = [0x01200011, 0x003d0f00];
    expect(judge(inspected('clone'), process)).toBe(ALLOWED);
    expect(judge(inspected('clone'), thread)).toBe(ALLOWED);
    for (const kind of [
      0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
    ]) {
      expect(judge(inspected('clone'), process | kind)).toBe(NOT_PERMITTED);
    }
    expect(judge(inspected('clone3'))).toBe(NO_SUCH_CALL);
  });

  it('types into no terminal', () => {
    const [windowSize, type, linux] = [0x5413, 0x5412, 0x541c];
    expect(judge(inspected('ioctl'), 0, windowSize)).toBe(ALLOWED);
    expect(judge(inspected('ioctl'), 0, type)).toBe(NOT_PERMITTED);
    expect(judge(inspected('ioctl'), 0, linux)).toBe(NOT_PERMITTED);
  });

  it('knows no calls of another architecture or interface', () => {
    const other = architectureOf(machine === 'x64' ? 'arm64' : 'x64');
    const read = NEEDED[machine].read;
    expect(verdictOf(filter, { architecture: other, nr: read, args: [0, 0] })).toBe(NO_SUCH_CALL);
    expect(verdictOf(filter, { architecture: 0x40000003, nr: 3, args: [0, 0] })).toBe(NO_SUCH_CALL);
    expect(judge(0x40000000 | read)).toBe(NO_SUCH_CALL);
  });

  it('is small', () => {
    expect(filter.length % 8).toBe(0);
    expect(filter.length).toBeLessThan(1024);
  });
});
