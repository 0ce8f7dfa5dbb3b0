import { z } from 'zod';
import { KNOWN_PROVIDERS, type KnownProvider } from '../../model/providers/provider-of.ts';
import { denials } from './denials.ts';
import { updatePolicy } from './fleet.ts';
import { image } from './image.ts';
import { host, routeAuth } from './route.ts';
import { argument, line, listedNames, slug } from './texts.ts';

const COLORS = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'gray',
] as const;

const argv = (description: string) => z.array(argument).min(1).max(256).meta({ description });

/** A path below the agent's home: nothing that a shell or a folder above would take part in. */
const pattern = (description: string) =>
  z
    .string()
    .max(256)
    .regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[\w.@*+/-]+$/, {
      error: 'is a path below the home folder, of letters, digits and . _ - + @ * /',
    })
    .meta({ description });

const known = z.enum(Object.keys(KNOWN_PROVIDERS) as [KnownProvider, ...KnownProvider[]]);

const provider = z.union(
  [
    known,
    z.strictObject({ name: known, auth: routeAuth.optional() }),
    z.strictObject({
      name: z.literal('custom').optional(),
      command: argv('argv of an interactive session'),
      resume: argv('argv that goes on with the last session').optional(),
      headless: argv('argv of a session without a terminal; the text is put behind it').optional(),
      session: pattern('files below home that a session leaves, such as .agent/*.log').optional(),
      prompt: argv('arguments that hand over the prompt; {promptFile} is its path').optional(),
      register: argv('argv that makes an MCP server known; {url} is its address').optional(),
      skills: pattern('folder of skills below home').optional(),
      hosts: z.array(host).meta({ description: 'hosts that the program itself needs' }).optional(),
      auth: routeAuth
        .meta({ description: 'credential that egress adds at these hosts' })
        .optional(),
    }),
  ],
  {
    error:
      'is claude, codex, {name: claude, auth: {scheme: Bearer, secret: name}} or {command: [program]}',
  },
);

const prompt = z.union(
  [z.strictObject({ file: argument }), z.strictObject({ text: z.string().min(1) })],
  { error: 'is {file: prompts/name.md} or {text: ...}' },
);

export const gitUser = z.strictObject({
  name: line('author name of commits').optional(),
  email: line('author address of commits').optional(),
});

const instance = z.strictObject({
  name: slug('slug of the bottle, unique in the fleet'),
  label: line('what people read').optional(),
  color: z.enum(COLORS).optional(),
  suspend: z.boolean().meta({ description: 'leave this bottle as it is' }).optional(),
  image: image.meta({ description: 'instead of the image of its bottles' }).optional(),
});

/** `agents/<name>.yaml` as a person writes it. */
export const agentSchema = z
  .strictObject({
    description: line('what the agent does').optional(),
    provider: provider.meta({ description: 'the agent program' }),
    bottles: z
      .array(slug('name of a bottle'))
      .min(1)
      .meta({ description: 'merged left to right' })
      .optional(),
    prompt: prompt.optional(),
    skills: listedNames('folders below skills/').optional(),
    gitUser: gitUser.optional(),
    workspace: z.strictObject({ copy: line('folder of the host that is copied in') }).optional(),
    deny: denials.optional(),
    updatePolicy: updatePolicy.optional(),
    instances: z
      .union([z.int().min(0).max(10_000), z.array(instance).max(10_000)], {
        error: 'is a number or a list of {name: ...}',
      })
      .meta({ description: 'bottles that run: a number, or a list' })
      .optional(),
  })
  .meta({ title: 'agents/<name>.yaml', description: 'A role and its running instances' });

export type WrittenAgent = z.infer<typeof agentSchema>;
