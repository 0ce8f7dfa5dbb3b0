import { statfs } from 'node:fs/promises';
import { FILE_BYTES } from './count-files.ts';

/** Tells how much a file system has grown at most since somebody looked, for what a look at all of a tree costs. */
export interface DiskGrowth {
  /** Bytes that came to it so far, whatever went in the meantime. */
  risen(): Promise<number>;
}

interface Used {
  readonly bytes: number;
  readonly files: number;
}

/** Of the file system that `folder` is on. What came and went between two looks is not seen: it takes nothing. */
export function createDiskGrowth(folder: string, look = usedOf): DiskGrowth {
  let before: Used | null = null;
  let sum = 0;
  return {
    async risen() {
      const now = await look(folder);
      const { bytes, files } = before ?? now;
      sum += Math.max(0, now.bytes - bytes) + Math.max(0, now.files - files) * FILE_BYTES;
      before = now;
      return sum;
    },
  };
}

async function usedOf(folder: string): Promise<Used> {
  const { bsize, blocks, bfree, files, ffree } = await statfs(folder);
  return { bytes: (blocks - bfree) * bsize, files: files - ffree };
}
