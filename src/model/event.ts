/** A thing that happened, append-only. `message` was sanitised when the event was made. */
export interface FleetEvent {
  /** RFC 3339. */
  readonly at: string;
  readonly severity: 'info' | 'warning' | 'error';
  /** Slug, or null for the fleet as a whole. */
  readonly bottle: string | null;
  /** PascalCase machine reason, e.g. `RouteReloaded`, `ApplyFailed`, `SourceRewritten`. */
  readonly reason: string;
  readonly message: string;
  readonly revision: string | null;
}
