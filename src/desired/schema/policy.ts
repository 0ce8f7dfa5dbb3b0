import { z } from 'zod';
import { checkedText } from './checked-text.ts';
import { host, parseMethod } from './route.ts';
import { line } from './texts.ts';

const when = z.strictObject({
  tool: z.enum(['egress-block', 'pipelock-block']).optional(),
  hosts: z.array(host).min(1).optional(),
  methods: z.array(checkedText(parseMethod, 'HTTP method')).min(1).optional(),
});

/** `policies/<name>.yaml` as a person writes it. */
export const policySchema = z
  .strictObject({
    rules: z.array(
      z.strictObject({
        when,
        do: z.enum(['approve', 'reject']),
        expiresAfter: z
          .string()
          .regex(/^[1-9]\d{0,3}[mhd]$/)
          .meta({ description: 'e.g. 8h' })
          .optional(),
        reason: line('why, told to the agent').optional(),
      }),
    ),
  })
  .meta({ title: 'policies/<name>.yaml', description: 'Rules that decide common proposals' });
