import { z } from 'zod';
import { type Parsed, refuse } from '../parsed.ts';
import { quote } from '../problems.ts';
import { checkedText } from './checked-text.ts';
import { argument, rootfsName } from './texts.ts';

/** Where the image of an agent comes from. */
export const image = z.union(
  [
    z.strictObject({ dockerfile: argument }),
    z.strictObject({ ref: checkedText(parseImageRef, 'image reference') }),
    z.strictObject({ rootfs: rootfsName }),
  ],
  { error: 'is {dockerfile: images/name.Dockerfile}, {ref: name} or {rootfs: name}' },
);

export type WrittenImage = z.infer<typeof image>;

function parseImageRef(raw: string): Parsed<string> {
  if (/^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,254}$/.test(raw)) return { ok: true, value: raw };
  return refuse(
    'invalid-value',
    `${quote(raw)} is not an image reference`,
    'e.g. registry.example/agent@sha256:...',
  );
}
