/** What looks for something. */
type Detector =
  | 'token_patterns'
  | 'known_secrets'
  | 'entropy'
  | 'hostname_tunnel'
  | 'line_injection'
  | 'undecodable';

/** Something that must not leave; it says what was found, and never quotes it. */
export interface Finding {
  readonly detector: Detector;
  /** Which token, or the name of the secret: `github`, `gitea-token`. */
  readonly rule: string;
  /** Where it stands in the text that was scanned; null where it shows only after decoding. */
  readonly range: readonly [start: number, end: number] | null;
}
