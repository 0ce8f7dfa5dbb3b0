import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Environment with which Node takes the programs' compiled code from `<folder>/cache`, where the image was built with
 * one: it saves each boot a quarter. Node looks below a name that ends in the user's number, which no image knows, so
 * `own` gets a link under that name. Without a cache, or when it cannot be linked, programs compile as ever.
 */
export function compileCache(folder: string, own: string, user: number): NodeJS.ProcessEnv {
  try {
    const built = join(folder, 'cache');
    const [version] = readdirSync(built);
    if (version === undefined) return {};
    mkdirSync(own, { recursive: true });
    symlinkSync(join(built, version), join(own, version.replace(/\d+$/, String(user))));
    return { NODE_COMPILE_CACHE: own };
  } catch {
    return {};
  }
}
