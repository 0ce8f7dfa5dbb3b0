import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ControllerOptions } from '../api.ts';
import type { Check } from '../doctor.ts';

const NEEDED_NODE = 24;
const GIB = 1024 ** 3;

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

export const checkDisk: Check = async (options) => {
  const existing = await nearestExisting(stateHome(options));
  const { bavail, bsize } = await statfs(existing);
  const freeGiB = (bavail * bsize) / GIB;
  const detail = `${freeGiB.toFixed(1)} GiB free at ${existing}`;
  const fix = 'free some; bb cleanup removes what no commit asks for';
  if (freeGiB < 0.2) return { state: 'fail', detail, fix };
  return freeGiB < 2 ? { state: 'warn', detail, fix } : { state: 'ok', detail, fix: null };
};

function stateHome({ environment }: ControllerOptions): string {
  const home = environment['XDG_STATE_HOME'] || join(environment['HOME'] ?? '/', '.local/state');
  return join(home, 'bb');
}

async function nearestExisting(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists || path === dirname(path) ? path : nearestExisting(dirname(path));
}
