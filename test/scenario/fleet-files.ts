import { API, PORT } from './upstream.ts';

/** Texts of a small fleet with one bottle, `dev`; a scenario names only what it is about. */
export interface FleetTexts {
  readonly address: string;
  readonly updatePolicy?: 'immediate' | 'when-idle' | 'manual';
  readonly instances?: string;
  readonly routes?: readonly string[];
}

/** Lines of a route for the local upstream. */
export function route(address: string, ...more: readonly string[]): readonly string[] {
  return [
    `  - host: ${API}`,
    `    ports: [${PORT}]`,
    `    addresses: [${address}/32]`,
    ...more.map((line) => `    ${line}`),
  ];
}

/** Files of the repository, by path. */
export function fleetFiles(name: string, texts: FleetTexts): { readonly [path: string]: string } {
  const { address, updatePolicy = 'immediate', instances = '[{name: dev}]' } = texts;
  const routes = texts.routes ?? route(address, 'paths: [/public/]');
  return {
    'desired-state/fleet.yaml': `name: ${name}\ndefaults: {bottle: base, updatePolicy: ${updatePolicy}}\nsupervise: {waitSeconds: 30}\n`,
    'desired-state/bottles/base.yaml':
      'env: {PAGER: cat}\nroutes: [api]\nresources: {cpus: 1, memory: 256MiB, pids: 128}\n',
    'desired-state/routes/api.yaml': `routes:\n${routes.join('\n')}\n`,
    'desired-state/agents/dev.yaml': `provider: {command: [bash]}\ninstances: ${instances}\n`,
  };
}
