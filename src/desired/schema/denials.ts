import { z } from 'zod';
import { host } from './route.ts';
import { line } from './texts.ts';

/** Hosts that no route, allowlist or approval opens. */
export const denials = z
  .array(
    z.union([host, z.strictObject({ host, reason: line('why it is denied').optional() })], {
      error: 'is a host name or {host: name, reason: why}',
    }),
  )
  .meta({ description: 'hosts that nothing opens; every layer adds, none takes away' });

export type WrittenDenials = z.infer<typeof denials>;
