import { z } from 'zod';
import { host } from './route.ts';
import { instant, line } from './texts.ts';

const entry = z.union(
  [
    host,
    z.strictObject({
      host,
      reason: line('why it is allowed').optional(),
      expires: instant.optional(),
    }),
  ],
  { error: 'is a host name or {host: name, reason: why, expires: instant}' },
);

/** `allowlists/<name>.yaml` as a person writes it. */
export const allowlistSchema = z
  .strictObject({ hosts: z.array(entry).meta({ description: 'hosts that are open as a whole' }) })
  .meta({ title: 'allowlists/<name>.yaml', description: 'Hosts that may be reached whole' });

export type WrittenAllowlist = z.infer<typeof allowlistSchema>;
