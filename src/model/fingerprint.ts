import { createHash } from 'node:crypto';
import { type Fingerprint, parseFingerprint } from './names.ts';

/** Plain JSON: the only thing that passes between the pure core and its shell. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** JSON with sorted keys and no `undefined`, so that equal values have equal text. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  // Written by concatenation: whole fleets are fingerprinted at each pass.
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += text === '' ? canonicalJson(item) : `,${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const object = value as { readonly [key: string]: Json | undefined };
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** sha256 of the canonical JSON of `value`. */
export function fingerprint(value: unknown): Fingerprint {
  return sha256(canonicalJson(value as Json));
}

/** sha256 of a text or of bytes, as lower-case hexadecimal. */
export function sha256(content: string | Uint8Array): Fingerprint {
  const digest = parseFingerprint(createHash('sha256').update(content).digest('hex'));
  if (digest === undefined) throw new Error('sha256 did not give 64 hexadecimal digits');
  return digest;
}
