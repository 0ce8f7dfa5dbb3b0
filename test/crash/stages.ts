import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Stage } from './lives.ts';

const AGENT = 'desired-state/agents/dev.yaml';
const BASE = 'desired-state/bottles/base.yaml';
const ROUTES = 'desired-state/routes/api.yaml';
const IMAGE = 'desired-state/images/agent.Dockerfile';
const PROVIDER = 'provider: {command: [bash]}\n';
const SHARED = 'env: {PAGER: cat}\nroutes: [api]\n';

/** From a fleet without bottles to one without bottles. */
export const STAGES: readonly Stage[] = [
  { what: 'its creation', files: () => ({ [AGENT]: `${PROVIDER}instances: [{name: dev}]\n` }) },
  {
    what: 'a change of its routes',
    files: () => ({ [ROUTES]: 'routes:\n  - host: other.example.test\n' }),
  },
  {
    what: 'the replacement of its agent',
    files: () => ({
      [AGENT]: `${PROVIDER}prompt: {text: another}\ninstances: [{name: dev}]\n`,
    }),
  },
  {
    what: 'its removal',
    files: () => ({
      [AGENT]: `${PROVIDER}instances: []\n`,
      [ROUTES]: 'routes:\n  - host: api.example.test\n',
    }),
  },
];

/** The same with an image that is built anew in each life; `mark` is in the step that takes long. */
export async function stagesWithImage(mark: string): Promise<readonly Stage[]> {
  const shipped = await readFile(
    resolve(import.meta.dirname, '../../images/agent.Dockerfile'),
    'utf8',
  );
  const building: Stage = {
    what: 'the build of its image',
    files: (life) => ({
      [BASE]: `${SHARED}image: {dockerfile: images/agent.Dockerfile}\n`,
      [IMAGE]: `${shipped}RUN echo ${mark} ${life}; sleep 0.3\n`,
    }),
  };
  const [removal] = STAGES.slice(-1);
  if (removal === undefined) throw new Error('there is no last stage');
  const undone: Stage = {
    what: removal.what,
    files: (life) => ({ ...removal.files(life), [BASE]: SHARED, [IMAGE]: null }),
  };
  return [...STAGES.slice(0, -1), building, undone];
}
