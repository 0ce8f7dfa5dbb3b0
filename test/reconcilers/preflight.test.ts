import { expect, test } from 'vitest';
import { formatPreflight } from '../../src/reconcilers/format-preflight.ts';
import { preflightOf } from '../../src/reconcilers/preflight.ts';
import {
  agentName,
  allowlistEntry,
  bottleSpec,
  desiredBottle,
  egressRoute,
} from '../builders/desired.ts';
import { backendEntry, planContext } from '../builders/observed.ts';
import { preflight } from '../builders/status.ts';

const SECRET = 'hunter2-never-shown';

const RUNC = ['runc'];

function dockerWith(runtimes: readonly string[]) {
  return backendEntry('docker', {
    availability: { available: true, detail: 'an engine', runtimes },
  });
}

function shown(bottle: ReturnType<typeof desiredBottle>, place = dockerWith(RUNC)) {
  const plan = {
    bottle: bottle.name,
    backend: place.name,
    verdict: 'create',
    impact: 'replace-bottle',
    changes: [],
    pending: null,
    drifted: false,
  } as const;
  const context = planContext({ backends: [place] });
  return formatPreflight(
    preflightOf(bottle, { plan, context, notEnforced: ['pipelock: built-in'] }),
  );
}

test('a bottle without an engine has neither a network of one nor a runtime', () => {
  const bottle = desiredBottle('dev', bottleSpec());
  const { capabilities } = backendEntry('embedded');
  const embedded = backendEntry('embedded', {
    capabilities: { ...capabilities, internalNetwork: false },
    availability: { available: true, detail: 'bubblewrap', runtimes: [] },
  });
  const text = shown(bottle, embedded);
  expect(text).toContain('embedded, runtime none, for there is no engine\n');
  expect(text).toContain(
    'a loopback of its own and no network; the only way out is through its sidecars\n',
  );
  const onDocker = shown(bottle);
  expect(onDocker).toContain('docker, runtime the engine’s default\n');
  expect(onDocker).toContain(`its own, from ${bottle.spec.networks.pool}; the only way out`);
});

test('a preflight names everything that matters, and no value', () => {
  const spec = bottleSpec({
    label: 'papers',
    env: {
      PASSWORD: { kind: 'literal', value: SECRET },
      TZ: { kind: 'from-host', variable: 'HOST_TZ' },
      TOKEN: { kind: 'ask', question: 'which token?' },
    },
    egress: {
      routes: [
        egressRoute('api.example.test', {
          matches: [
            { methods: ['GET'], paths: [{ kind: 'prefix', value: '/v1/' }], headers: [] },
            {
              methods: ['POST'],
              paths: [{ kind: 'exact', value: '/v2' }],
              headers: [{ name: 'x-key', exact: SECRET }],
            },
          ],
          auth: { scheme: 'Bearer', secret: 'example' },
          expires: '2026-12-01T00:00:00Z',
        }),
      ],
    },
    allowlist: [allowlistEntry('*.files.example.test')],
    workspace: { copy: '~/papers' },
    gitUser: { name: 'Ann', email: 'ann@example.test' },
  });
  const text = shown(
    desiredBottle('dev', spec, {
      agent: agentName('researcher'),
      bottles: ['base', 'dev'],
      origins: { 'route:api.example.test': { file: 'routes/dev.yaml', line: 3 } },
    }),
    dockerWith(['runc', 'runsc']),
  );
  expect(text.replace(/\(bb\/agent:.*\)/, '(IMAGE)')).toMatchInlineSnapshot(`
    "dev (papers), an instance of researcher
      provider      custom: bash
      backend       docker, runtime runsc
      image         the one that ships with bb (IMAGE)
      composed of   base, dev
      networks      its own, from 10.213.0.0/16; the only way out is through its sidecars
      resources     2 CPU, 4 GiB, 512 processes, 20 GiB of disk
      routes        api.example.test: GET /v1/*, with secret example, until 2026-12-01T00:00:00Z (routes/dev.yaml:3)
                    api.example.test: POST /v2 with header x-key, with secret example, until 2026-12-01T00:00:00Z (routes/dev.yaml:3)
      whole hosts   *.files.example.test
      environment   PASSWORD, written in the files
                    TOKEN, asked for at the start
                    TZ, variable HOST_TZ of this host
      prompt        none
      skills        none
      workspace     a copy of ~/papers
      git user      Ann <ann@example.test>
      updates       when-idle
      not enforced  pipelock: built-in"
  `);
  expect(text).not.toContain(SECRET);
});

test('what is absent is told as none', () => {
  const text = shown(desiredBottle('dev'));
  for (const title of ['routes', 'whole hosts', 'environment', 'prompt', 'skills', 'workspace']) {
    expect(text).toMatch(new RegExp(`^ {2}${title} +none$`, 'm'));
  }
  expect(text).toMatch(/runtime the engine’s default$/m);
});

test('a runtime that the engine does not have is said, one that it has is named', () => {
  const bottle = desiredBottle('dev', { runtime: 'runsc' });
  expect(shown(bottle, dockerWith(RUNC))).toContain(
    'docker, runtime runsc, which docker does not have',
  );
  expect(shown(bottle, dockerWith(['runsc']))).toMatch(/docker, runtime runsc$/m);
});

test('what a bottle would wait for is the last line', () => {
  const text = formatPreflight(preflight('dev', { pending: 'secret example has no value' }));
  expect(text.split('\n').at(-1)).toBe('  waits for     secret example has no value');
  expect(formatPreflight(preflight('dev'))).not.toContain('waits for');
});

test('D13: nothing in it obeys a terminal', () => {
  const text = formatPreflight(preflight('dev', { label: 'a\x1b[2Jb', workspace: 'x\ny' }));
  expect(text).toContain('a\\x1b[2Jb');
  expect(text).toContain('a copy of x\\x0ay');
});
