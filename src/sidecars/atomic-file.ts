import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces a file whole: a reader sees the old text or the new one, also after a crash. Makes the folder when it is
 * not there. `mode` holds whatever the umask is.
 */
export function writeFileAtomically(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w', mode);
  try {
    fchmodSync(file, mode);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** Writes what a sidecar reports, as the controller reads it. */
export function writeStatus(folder: string, status: object): void {
  writeFileAtomically(`${folder}/status.json`, `${JSON.stringify(status, null, 2)}\n`);
}
