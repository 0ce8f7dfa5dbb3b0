import { z } from 'zod';
import { parseByteSize } from '../byte-size.ts';
import { parseGitUrl } from '../git-url.ts';
import { type Parsed, refuse } from '../parsed.ts';
import { quote } from '../problems.ts';
import { gitUser } from './agent.ts';
import { checkedText } from './checked-text.ts';
import { denials } from './denials.ts';
import { backend, updatePolicy } from './fleet.ts';
import { image } from './image.ts';
import { argument, envName, line, listedNames, secretName, slug } from './texts.ts';

function parseRepoName(raw: string): Parsed<string> {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(raw))
    return { ok: true, value: raw };
  return refuse(
    'invalid-name',
    `${quote(raw)} is not a repository name`,
    'letters, digits, ".", "_" and "-"',
  );
}

function parseHostKey(raw: string): Parsed<string> {
  if (/^(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}$/.test(raw))
    return { ok: true, value: raw };
  return refuse(
    'invalid-value',
    `${quote(raw)} is not a host key`,
    'the two words that ssh-keyscan prints: ssh-ed25519 AAAA...',
  );
}

const envValue = z.union(
  [
    argument,
    z.strictObject({ fromHost: envName }),
    z.strictObject({ ask: line('what to ask for') }),
  ],
  { error: 'is a text in quotes, {fromHost: NAME} or {ask: question}' },
);

/** What a field of another program may hold. */
const json = z.json();

const gitUrl = checkedText(parseGitUrl, 'ssh or https URL of a git repository');

const repo = z.strictObject({
  url: gitUrl.optional(),
  aliases: z.array(gitUrl).meta({ description: 'other URLs that mean this repository' }).optional(),
  hostKey: checkedText(parseHostKey, 'pinned key of the ssh server').optional(),
  key: z.strictObject({ secret: secretName }).optional(),
  branches: z
    .array(line('branch pattern'))
    .meta({ description: 'branches that may be pushed' })
    .optional(),
});

/** `bottles/<name>.yaml` as a person writes it. */
export const bottleSchema = z
  .strictObject({
    extends: z
      .union([slug('name of a bottle'), z.array(slug('name of a bottle')).min(1)], {
        error: 'is a bottle name or a list of them',
      })
      .meta({ description: 'bottles that this one is based on, left to right' })
      .optional(),
    image: image.optional(),
    backend: backend.optional(),
    env: z.record(envName, envValue).meta({ description: 'environment of the agent' }).optional(),
    allowlists: listedNames('host lists').optional(),
    routes: listedNames('route sets').optional(),
    deny: denials.optional(),
    skills: listedNames('folders below skills/').optional(),
    gitUser: gitUser.optional(),
    pipelock: z
      .strictObject({
        extra: z
          .record(z.string(), json)
          .meta({ description: 'fields of pipelock.yaml beside those that bb sets' })
          .optional(),
      })
      .optional(),
    gitGate: z
      .strictObject({
        repos: z.record(checkedText(parseRepoName, 'name of a repository'), repo).optional(),
      })
      .optional(),
    resources: z
      .strictObject({
        cpus: z.number().min(0.1).max(1024).optional(),
        memory: checkedText(parseByteSize, 'e.g. 4GiB').optional(),
        pids: z.int().min(16).max(4_194_304).optional(),
        disk: checkedText(parseByteSize, 'e.g. 20GiB').optional(),
      })
      .optional(),
    runtime: z
      .enum(['auto', 'runc', 'runsc'])
      .meta({ description: 'runc, or runsc for gVisor' })
      .optional(),
    updatePolicy: updatePolicy.optional(),
  })
  .meta({
    title: 'bottles/<name>.yaml',
    description: 'A sandbox shape: image, environment, network, resources',
  });

export type WrittenBottle = z.infer<typeof bottleSchema>;
export type WrittenRepo = z.infer<typeof repo>;
