import type { CopiedFile } from '../../model/component.ts';

/** Reads a folder of the host that a bottle's `workspace.copy` names, without ever writing to it. */
export interface WorkspaceReader {
  /**
   * Every file and link below the folder, as `owner`'s. Throws `StepFailed` when the folder is missing, too large or
   * not one that the host's configuration allows to be copied.
   */
  read(
    folder: string,
    owner: { readonly uid: number; readonly gid: number },
  ): Promise<readonly CopiedFile[]>;
}
