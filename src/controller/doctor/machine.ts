import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { homeFolder } from '../adapters/home-folder.ts';
import type { ControllerOptions } from '../api.ts';
import type { Check } from '../doctor.ts';

const NEEDED_NODE = 24;
const GIB = 1024 ** 3;
const FEW_PLACES = 0.05;
const NO_PLACES = 0.005;

export const checkNode: Check = async () => {
  const detail = `Node ${process.version} at ${process.execPath}`;
  return Number.parseInt(process.versions.node, 10) >= NEEDED_NODE
    ? { state: 'ok', detail, fix: null }
    : { state: 'fail', detail, fix: `npm ci brings Node ${NEEDED_NODE}; run bb through npx` };
};

export const checkStateDirectory: Check = async (options) => {
  const directory = stateHome(options);
  const existing = await nearestExisting(directory);
  const isWritable = await access(existing, constants.W_OK).then(
    () => true,
    () => false,
  );
  return isWritable
    ? { state: 'ok', detail: directory, fix: null }
    : {
        state: 'fail',
        detail: `${existing} cannot be written`,
        fix: 'give it to your user, or set XDG_STATE_HOME',
      };
};

/** A file system that has no place for another file is full, however many bytes are free: agents make empty ones too. */
export const checkDisk: Check = async (options) => {
  const existing = await nearestExisting(stateHome(options));
  const { bavail, bsize, files, ffree } = await statfs(existing);
  const freeGiB = (bavail * bsize) / GIB;
  // Some count none, and make room for files as they come.
  const freePlaces = files === 0 ? 1 : ffree / files;
  const places = freePlaces < FEW_PLACES ? `, places for ${ffree} more files` : '';
  const detail = `${freeGiB.toFixed(1)} GiB free${places} at ${existing}`;
  const fix =
    'free some; bb cleanup removes what no commit asks for, and resources.disk says what each bottle may take';
  if (freeGiB < 0.2 || freePlaces < NO_PLACES) return { state: 'fail', detail, fix };
  return freeGiB < 2 || freePlaces < FEW_PLACES
    ? { state: 'warn', detail, fix }
    : { state: 'ok', detail, fix: null };
};

function stateHome({ environment }: ControllerOptions): string {
  const home = environment['XDG_STATE_HOME'] || join(homeFolder(environment), '.local/state');
  return join(home, 'bb');
}

async function nearestExisting(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists || path === dirname(path) ? path : nearestExisting(dirname(path));
}
