import { z } from 'zod';
import { parsePool } from '../cidr.ts';
import { checkedText } from './checked-text.ts';
import { denials } from './denials.ts';
import { slug } from './texts.ts';

const BACKENDS = ['auto', 'docker', 'embedded', 'simulated', 'smolmachines'] as const;

export const backend = z
  .enum(BACKENDS)
  .meta({ description: 'what realises the bottle; auto takes the best one there is' });
export const updatePolicy = z
  .enum(['immediate', 'when-idle', 'manual'])
  .meta({ description: 'when an update may replace a running agent' });

/** `fleet.yaml` as a person writes it. */
export const fleetSchema = z
  .strictObject({
    name: slug('label on everything that this fleet owns'),
    suspend: z
      .boolean()
      .meta({ description: 'leave everything running and only publish plans' })
      .optional(),
    defaults: z
      .strictObject({
        backend: backend.optional(),
        bottle: slug('bottle of agents that list none').optional(),
        updatePolicy: updatePolicy.optional(),
      })
      .optional(),
    deny: denials.optional(),
    supervise: z
      .strictObject({
        waitSeconds: z
          .int()
          .min(0)
          .max(3600)
          .meta({ description: 'how long a tool call waits for a decision' })
          .optional(),
        maxPendingPerBottle: z
          .int()
          .min(1)
          .max(1000)
          .meta({ description: 'open proposals of one bottle' })
          .optional(),
      })
      .optional(),
    audit: z
      .strictObject({
        signCommits: z
          .enum(['auto', 'always', 'never'])
          .meta({ description: 'sign the commits that bb makes' })
          .optional(),
      })
      .optional(),
    networks: z
      .strictObject({
        pool: checkedText(
          parsePool,
          'private IPv4 block that the networks of bottles are cut from',
        ).optional(),
      })
      .optional(),
  })
  .meta({ title: 'fleet.yaml', description: 'Fleet-wide settings and defaults' });

export type WrittenFleet = z.infer<typeof fleetSchema>;
