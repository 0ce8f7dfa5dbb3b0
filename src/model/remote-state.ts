/** How a remote repository that is followed stands. */
export interface RemoteState {
  /** Without credentials, sanitised. */
  readonly url: string;
  /** RFC 3339 of its last answer to this host; null: none yet. */
  readonly contactedAt: string | null;
  readonly unreachable: {
    /** RFC 3339 of the first failure in a row. */
    readonly since: string;
    readonly message: string;
    readonly hint: string;
  } | null;
}
