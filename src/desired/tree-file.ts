/** One blob of the commit's tree below the desired-state folder. */
export interface TreeFile {
  /** Git's mode of the entry: regular, executable, symbolic link or submodule. */
  readonly mode: '100644' | '100755' | '120000' | '160000';
  readonly bytes: Uint8Array;
}
