import type { FleetUnderTest } from './fleet-under-test.ts';

/** Runs a shell script in a bottle through `bb exec`, however it ends. */
export async function inBottle(fleet: FleetUnderTest, bottle: string, script: string) {
  return fleet.bb('exec', bottle, '--', 'sh', '-c', script);
}

/** `<status> <body>` of a request from inside a bottle. */
export async function get(
  fleet: FleetUnderTest,
  bottle: string,
  url: string,
  more = '',
): Promise<string> {
  const curl = `curl -sS -m 20 ${more} -w '\\n%{http_code}' '${url}'`;
  const lines = (await inBottle(fleet, bottle, curl)).stdout.trim().split('\n');
  return `${lines.at(-1)} ${lines.slice(0, -1).join('\n')}`;
}
