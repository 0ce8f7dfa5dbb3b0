import type { ImageBuild } from '../../model/component.ts';

type Build = (image: ImageBuild, onProgress: (line: string) => void) => Promise<void>;

interface Running {
  readonly ended: Promise<void>;
  readonly listeners: Set<(line: string) => void>;
}

/**
 * One build of a reference at a time; whoever wants the same meanwhile waits for it and hears the rest of it. An engine
 * that is asked twice at once works twice, and moves the name of the image under the first that looks for it (seen
 * with Engine 29's containerd store).
 */
export function sharedBuilds(build: Build): Build {
  const running = new Map<string, Running>();
  const begin = (image: ImageBuild): Running => {
    const listeners: Running['listeners'] = new Set();
    const ended = build(image, (line) => {
      for (const listener of listeners) listener(line);
    }).finally(() => running.delete(image.reference));
    const begun = { ended, listeners };
    running.set(image.reference, begun);
    return begun;
  };
  return (image, onProgress) => {
    const { ended, listeners } = running.get(image.reference) ?? begin(image);
    listeners.add(onProgress);
    return ended;
  };
}
