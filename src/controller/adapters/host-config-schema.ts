import { z } from 'zod';
import { parseHost } from '../../desired/host-name.ts';
import { checkedText } from '../../desired/schema/checked-text.ts';
import { argument, envName, line, rootfsName, secretName } from '../../desired/schema/texts.ts';
import { parseListen, parsePoll } from './remote-fields.ts';
import { credentialObjection, isRemote, parseRemoteUrl } from './remote-url.ts';

const host = checkedText(parseHost, 'host name; may begin with "*."');
const exactHost = host.refine((raw) => !raw.startsWith('*.'));
const path = line('path; "~/" is the home folder, a relative one starts at this file');

const repository = checkedText(
  (raw) => (isRemote(raw) ? parseRemoteUrl(raw) : { ok: true, value: raw }),
  'path or URL of the repository that describes the fleet',
);

const sourceSchema = z
  .strictObject({
    repository: repository.optional(),
    branch: line('branch that describes the fleet').optional(),
    folder: line('desired-state folder below the repository’s root').optional(),
    poll: checkedText(parsePoll, 'how often a remote is asked, e.g. 30s').optional(),
    credential: z
      .strictObject({ username: line('user name').optional(), secret: secretName })
      .optional(),
    webhook: z
      .strictObject({
        listen: checkedText(parseListen, '127.0.0.1:<port>, or the path of a socket'),
        secret: secretName,
      })
      .optional(),
  })
  .refine(
    ({ repository: url, poll, credential, webhook }) =>
      isRemote(url ?? '') || (poll ?? credential ?? webhook) === undefined,
    { error: 'poll, credential and webhook are for a repository that is a URL' },
  )
  .superRefine(({ repository: url, credential }, context) => {
    const objection =
      credential === undefined || url === undefined ? null : credentialObjection(url);
    if (objection !== null) context.addIssue({ code: 'custom', message: objection });
  });

/** `config.yaml` as a person writes it. */
export const configSchema = z.strictObject({
  source: sourceSchema.optional(),
  verify: z
    .strictObject({
      allowedSigners: path.optional(),
      revokedKeys: path.optional(),
      keyring: path.optional(),
      since: line('commit that needs no signature, nor what led to it').optional(),
    })
    .refine(({ allowedSigners, keyring }) => (allowedSigners ?? keyring) !== undefined, {
      error: 'names no keys: give allowedSigners, keyring or both',
    })
    .optional(),
  images: z
    .strictObject({
      base: line('base image of what is built here').optional(),
      rootfs: z.record(rootfsName, path).optional(),
    })
    .optional(),
  programs: path.optional(),
  upstream: z
    .strictObject({
      hosts: z.record(host, z.array(z.union([z.ipv4(), z.ipv6()])).min(1)).optional(),
      caFiles: z.array(path).optional(),
      proxy: z
        .strictObject({
          host: z.union([exactHost, z.ipv4(), z.ipv6()], { error: 'is a host name or an address' }),
          port: z.int().min(1).max(65_535),
        })
        .optional(),
    })
    .optional(),
  pipelock: z
    .union([z.literal('off'), z.strictObject({ program: path })], {
      error: 'is {program: path} or "off"',
    })
    .optional(),
  envAllowed: z.array(envName).optional(),
  docker: z
    .strictObject({ host: line('engine endpoint, as in DOCKER_HOST').optional() })
    .optional(),
  onInvalid: z.enum(['reject', 'isolate']).optional(),
  workspaces: z.array(path).optional(),
});

/** `secrets.yaml` as a person writes it: name → where its value is, and where it may go. */
export const secretsSchema = z.record(
  secretName,
  z.strictObject({
    from: z.union([
      z.strictObject({ env: envName }),
      z.strictObject({ file: path }),
      z.strictObject({ command: z.array(argument).min(1) }),
      z.strictObject({ codexLogin: path }),
    ]),
    hosts: z.array(host).optional(),
    gitUrls: z.array(line('prefix of git URLs')).optional(),
  }),
);

export type WrittenConfig = z.infer<typeof configSchema>;
export type WrittenSecrets = z.infer<typeof secretsSchema>;
