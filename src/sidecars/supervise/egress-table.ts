import { readFile } from 'node:fs/promises';
import { get, type RequestOptions } from 'node:http';
import { join } from 'node:path';
import { EGRESS_PORT } from '../../model/sidecar.ts';
import type { EgressTableSource } from '../../supervise/tools/list-egress-routes.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 2_000;

/** Asks the egress program beside us, over loopback, what it enforces; its status tells on which port. */
export function egressTable(egressOut: string): EgressTableSource {
  return {
    read: async (signal) => {
      const path = '/_egress.local/allowlist';
      const port = await egressPort(join(egressOut, 'status.json'));
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const text = await getText({ host: '127.0.0.1', port, path, agent: false, signal: bounded });
      return JSON.parse(text);
    },
  };
}

async function egressPort(statusFile: string): Promise<number> {
  try {
    return Number(JSON.parse(await readFile(statusFile, 'utf8')).port ?? EGRESS_PORT);
  } catch {
    return EGRESS_PORT;
  }
}

function getText(options: RequestOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = get(options, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_BYTES) request.destroy(new Error('its answer is too large'));
    });
    response.on('error', reject);
    response.on('end', () => {
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`it answered ${response.statusCode}`));
    });
  });
  request.on('error', reject);
  return promise;
}
