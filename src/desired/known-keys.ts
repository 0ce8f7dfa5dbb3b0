import { z } from 'zod';
import type { Path } from './locator.ts';

/** Every key that `schema` knows for the mapping at `path`, over all forms that it may have. */
export function knownKeys(schema: z.ZodType, path: Path): ReadonlySet<string> {
  let schemas: readonly z.core.$ZodType[] = forms(schema);
  for (const step of path) schemas = schemas.flatMap((form) => children(form, step)).flatMap(forms);
  return new Set(
    schemas.flatMap((form) => (form instanceof z.ZodObject ? Object.keys(form.shape) : [])),
  );
}

/** What a schema stands for once optional wrappers and unions are opened. */
function forms(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional) return forms(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => forms(option));
  return [schema];
}

function children(schema: z.core.$ZodType, step: string | number): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  if (!(schema instanceof z.ZodObject) || !Object.hasOwn(schema.shape, step)) return [];
  const child: unknown = schema.shape[step];
  return child instanceof z.ZodType ? [child] : [];
}
