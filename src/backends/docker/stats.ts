import type { Engine } from './engine.ts';

/** One sample of what a container uses; page cache that the kernel can drop is not counted. */
export async function containerStats(
  engine: Engine,
  containerId: string,
): Promise<{ readonly cpuSeconds: number; readonly memoryBytes: number }> {
  const sample = await engine.calls
    .getContainer(containerId)
    .stats({ stream: false, 'one-shot': true });
  const memory = sample.memory_stats ?? {};
  const cache = memory.stats?.['total_inactive_file'] ?? memory.stats?.['inactive_file'] ?? 0;
  return {
    cpuSeconds: (sample.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e9,
    memoryBytes: Math.max(0, (memory.usage ?? 0) - cache),
  };
}
