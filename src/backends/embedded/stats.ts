import { namespaceMembers, usageOf } from './process-table.ts';

/** What the processes that live in a sandbox use: the sum over its pid namespace. */
export function sandboxStats(initPid: number): {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
} {
  const usages = namespaceMembers(initPid).map(usageOf);
  return {
    cpuSeconds: usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0),
    memoryBytes: usages.reduce((sum, usage) => sum + usage.memoryBytes, 0),
  };
}
