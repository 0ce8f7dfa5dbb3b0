import { get, type RequestOptions } from 'node:http';
import type { EgressTableSource } from '../../supervise/tools/list-egress-routes.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 2_000;

/** Asks the egress program beside us, over loopback, what it enforces. */
export function egressTable(port: number): EgressTableSource {
  return {
    read: async (signal) => {
      const path = '/_egress.local/allowlist';
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const text = await getText({ host: '127.0.0.1', port, path, agent: false, signal: bounded });
      return JSON.parse(text);
    },
  };
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
