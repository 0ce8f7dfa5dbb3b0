import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** User and system time of the process. */
export async function cpuMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const { stdout } = await execa('getconf', ['CLK_TCK']);
  return ((Number(fields[11]) + Number(fields[12])) / Number(stdout)) * 1000;
}

/** Resident memory now, or the most there ever was. */
export async function residentMb(pid: number, which: 'VmRSS' | 'VmHWM' = 'VmRSS'): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${which}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024;
}
