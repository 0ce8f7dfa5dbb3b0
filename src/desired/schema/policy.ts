import { z } from 'zod';
import { checkedText } from './checked-text.ts';
import { host, parseMethod } from './route.ts';
import { line } from './texts.ts';

const when = z.strictObject({
  tool: z
    .enum(['egress-block', 'pipelock-block', 'capability-block', 'egress-token-allow'])
    .meta({ description: 'what the agent called' })
    .optional(),
  hosts: z.array(host).min(1).meta({ description: 'any of these hosts' }).optional(),
  methods: z
    .array(checkedText(parseMethod, 'HTTP method'))
    .min(1)
    .meta({ description: 'approve: no other method; else: any of these' })
    .optional(),
});

const rule = z.strictObject({
  when,
  do: z.enum(['approve', 'reject', 'ask']),
  expiresAfter: z
    .string()
    .regex(/^[1-9]\d{0,3}[mhd]$/)
    .meta({ description: 'e.g. 8h' })
    .optional(),
  reason: line('why, told to the agent').optional(),
});

/** `policies/<name>.yaml` as a person writes it. */
export const policySchema = z
  .strictObject({ rules: z.array(rule).meta({ description: 'the first that matches wins' }) })
  .meta({ title: 'policies/<name>.yaml', description: 'Rules that decide common proposals' });

export type WrittenPolicy = z.infer<typeof policySchema>;
