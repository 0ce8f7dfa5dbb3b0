/** Machines that a filter can be made for, by Node's name. */
export type Machine = 'x64' | 'arm64';

/** Number of a system call on each machine; null where it does not exist. */
type CallNumbers = readonly [name: string, x64: number, arm64: number | null];

/** What the filter looks into: these are allowed for some arguments. */
export const INSPECTED_CALLS = {
  clone: { x64: 56, arm64: 220 },
  clone3: { x64: 435, arm64: 435 },
  socket: { x64: 41, arm64: 198 },
  socketpair: { x64: 53, arm64: 199 },
  ioctl: { x64: 16, arm64: 29 },
} as const;

/**
 * Calls that no program in a bottle needs and that have led, or could lead, out of one: other processes' memory, new
 * namespaces and mounts, kernel modules, clocks, and interfaces whose past is a list of holes.
 */
const DENIED: readonly CallNumbers[] = [
  ['ptrace', 101, 117],
  ['process_vm_readv', 310, 270],
  ['process_vm_writev', 311, 271],
  ['kcmp', 312, 272],
  ['pidfd_getfd', 438, 438],
  ['bpf', 321, 280],
  ['perf_event_open', 298, 241],
  ['userfaultfd', 323, 282],
  ['io_uring_setup', 425, 425],
  ['io_uring_enter', 426, 426],
  ['io_uring_register', 427, 427],
  ['add_key', 248, 217],
  ['request_key', 249, 218],
  ['keyctl', 250, 219],
  ['unshare', 272, 97],
  ['setns', 308, 268],
  ['mount', 165, 40],
  ['umount2', 166, 39],
  ['pivot_root', 155, 41],
  ['chroot', 161, 51],
  ['open_tree', 428, 428],
  ['move_mount', 429, 429],
  ['fsopen', 430, 430],
  ['fsconfig', 431, 431],
  ['fsmount', 432, 432],
  ['fspick', 433, 433],
  ['mount_setattr', 442, 442],
  ['open_tree_attr', 467, 467],
  ['name_to_handle_at', 303, 264],
  ['open_by_handle_at', 304, 265],
  ['fanotify_init', 300, 262],
  ['quotactl', 179, 60],
  ['quotactl_fd', 443, 443],
  ['swapon', 167, 224],
  ['swapoff', 168, 225],
  ['migrate_pages', 256, 238],
  ['move_pages', 279, 239],
  ['init_module', 175, 105],
  ['finit_module', 313, 273],
  ['delete_module', 176, 106],
  ['kexec_load', 246, 104],
  ['kexec_file_load', 320, 294],
  ['reboot', 169, 142],
  ['acct', 163, 89],
  ['syslog', 103, 116],
  ['lookup_dcookie', 212, 18],
  ['nfsservctl', 180, 42],
  ['vhangup', 153, 58],
  ['sethostname', 170, 161],
  ['setdomainname', 171, 162],
  ['settimeofday', 164, 170],
  ['adjtimex', 159, 171],
  ['clock_settime', 227, 112],
  ['clock_adjtime', 305, 266],
  ['iopl', 172, null],
  ['ioperm', 173, null],
  ['modify_ldt', 154, null],
  ['uselib', 134, null],
  ['ustat', 136, null],
  ['sysfs', 139, null],
  ['_sysctl', 156, null],
];

/** Name and number of each call that is denied whatever its arguments are. */
export function deniedCalls(machine: Machine): readonly (readonly [name: string, nr: number])[] {
  return DENIED.flatMap(([name, x64, arm64]) => {
    const number = machine === 'x64' ? x64 : arm64;
    return number === null ? [] : [[name, number] as const];
  });
}
