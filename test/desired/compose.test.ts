import { describe, expect, test } from 'vitest';
import type { BottleName } from '../../src/model/names.ts';
import { bottleName, hostPolicy } from '../builders/desired.ts';
import { lines, load, loadValid } from './valid-tree.ts';

const DEV = bottleName('dev');

function devOf(files: Readonly<Record<string, string>>) {
  const bottle = loadValid(files).bottles[DEV];
  if (bottle === undefined) throw new Error('there is no bottle dev');
  return bottle;
}

const AGENT = (bottles: string, rest = '') => ({
  'agents/dev.yaml': `provider: {command: [bash]}\nbottles: ${bottles}\n${rest}`,
});

describe('extends, then bottles left to right', () => {
  test('env merges by key and the later one wins', () => {
    const { spec } = devOf({
      ...AGENT('[base, top]'),
      'bottles/base.yaml': 'extends: root\nenv: {A: base, B: base}\n',
      'bottles/root.yaml': 'env: {A: root, C: root}\n',
      'bottles/top.yaml': 'env: {B: top}\n',
    });
    expect(spec.env).toEqual({
      A: { kind: 'literal', value: 'base' },
      B: { kind: 'literal', value: 'top' },
      C: { kind: 'literal', value: 'root' },
    });
  });

  test('scalars of the later one win, per field of resources and gitUser', () => {
    const { spec, updatePolicy } = devOf({
      ...AGENT('[base, top]', 'gitUser: {email: agent@example.test}\n'),
      'bottles/base.yaml':
        'runtime: runc\nbackend: docker\nresources: {cpus: 1, pids: 64}\ngitUser: {name: base, email: base@example.test}\nupdatePolicy: manual\n',
      'bottles/top.yaml':
        'runtime: runsc\nresources: {memory: 1.5GiB, pids: 128}\nimage: {ref: "agent:1"}\n',
    });
    expect(spec).toMatchObject({
      runtime: 'runsc',
      backend: 'docker',
      resources: { cpus: 1, memoryBytes: 1.5 * 1024 ** 3, pids: 128 },
      gitUser: { name: 'base', email: 'agent@example.test' },
      image: { kind: 'ref', ref: 'agent:1' },
    });
    expect(updatePolicy).toBe('manual');
  });

  test.for([
    ['a list replaces', '[b]', ['b.example']],
    ['an empty list clears', '[]', []],
    ['+name adds', '[+b]', ['a.example', 'b.example']],
    ['+name that is there already adds nothing', '[+a]', ['a.example']],
    ['an absent list inherits', null, ['a.example']],
  ] as const)('%s', ([, listed, hosts]) => {
    const { spec } = devOf({
      ...AGENT('[top]'),
      'bottles/base.yaml': 'routes: [a]\n',
      'bottles/top.yaml': `extends: base\n${listed === null ? 'env: {}' : `routes: ${listed}`}\n`,
      'routes/a.yaml': 'routes: [{host: a.example}]\n',
      'routes/b.yaml': 'routes: [{host: b.example}]\n',
    });
    expect(spec.egress.routes.map((route) => route.host)).toEqual(hosts);
  });

  test('skills of the agent come over those of its bottles', () => {
    const skills = { 'skills/a/SKILL.md': 'a\n', 'skills/b/SKILL.md': 'b\n' };
    const base = { 'bottles/base.yaml': 'skills: [a]\n' };
    const added = devOf({ ...AGENT('[base]', 'skills: [+b]\n'), ...base, ...skills });
    expect(Object.keys(added.spec.skills)).toEqual(['a', 'b']);
    const replaced = devOf({ ...AGENT('[base]', 'skills: [b]\n'), ...base, ...skills });
    expect(Object.keys(replaced.spec.skills)).toEqual(['b']);
  });

  test('repositories of one name merge field by field', () => {
    const { spec } = devOf({
      ...AGENT('[base, top]'),
      'bottles/base.yaml':
        'gitGate: {repos: {site: {url: "https://git.example/a.git", branches: [main]}, other: {url: "https://git.example/b.git"}}}\n',
      'bottles/top.yaml': 'gitGate: {repos: {site: {branches: [dev, main]}}}\n',
    });
    expect(spec.gitGate.repos).toMatchObject({
      site: { url: 'https://git.example/a.git', branches: ['dev', 'main'] },
      other: { url: 'https://git.example/b.git', branches: [] },
    });
  });

  test('the base of a diamond loads once, before both sides', () => {
    const { bottles, spec } = devOf({
      ...AGENT('[left, right]'),
      'bottles/base.yaml': 'env: {A: base}\n',
      'bottles/left.yaml': 'extends: base\nenv: {A: left}\n',
      'bottles/right.yaml': 'extends: base\nenv: {B: right}\n',
    });
    expect(bottles).toEqual(['base', 'left', 'right']);
    expect(spec.env['A']).toEqual({ kind: 'literal', value: 'left' });
  });

  test('a bottle that extends itself is a chain of two', () => {
    const { diagnostics } = load({ 'bottles/base.yaml': 'extends: base\n' });
    expect(lines(diagnostics)).toEqual([
      'bottles/base.yaml:1:10 extends goes round in a circle: base -> base (remove one of these links)',
    ]);
  });

  test('a chain of 2,000 bottles is refused, not a crash', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [
        `bottles/b${index}.yaml`,
        `extends: b${index + 1}\n`,
      ]),
    );
    const { diagnostics } = load({ ...chain, 'bottles/b2000.yaml': '{}\n', ...AGENT('[b0]') });
    expect(diagnostics[0]).toMatchObject({
      code: 'invalid-value',
      message: 'extends is more than 100 bottles deep',
    });
  });
});

describe('defaults', () => {
  test('are applied once, to everything that nothing says', () => {
    const { spec, updatePolicy, suspend, agent } = devOf({
      'agents/dev.yaml': 'provider: {command: [bash]}\n',
    });
    expect({ updatePolicy, suspend, agent }).toEqual({
      updatePolicy: 'when-idle',
      suspend: false,
      agent: 'dev',
    });
    expect(spec).toMatchObject({
      backend: 'auto',
      image: { kind: 'builtin' },
      resources: { cpus: 2, memoryBytes: 4 * 1024 ** 3, pids: 512 },
      runtime: 'auto',
      supervise: { waitSeconds: 30, maxPendingPerBottle: 20 },
      networks: { pool: '10.213.0.0/16' },
      egress: { routes: [] },
      allowlist: [],
    });
  });

  test('of the fleet hold where bottle and agent say nothing: agent > bottle > fleet', () => {
    const fleet = {
      'fleet.yaml':
        'name: home\ndefaults: {backend: docker, bottle: base, updatePolicy: immediate}\n',
    };
    const plain = { 'agents/dev.yaml': 'provider: {command: [bash]}\n' };
    expect(devOf({ ...fleet, ...plain })).toMatchObject({
      updatePolicy: 'immediate',
      bottles: ['base'],
      spec: { backend: 'docker', env: { PAGER: { kind: 'literal', value: 'cat' } } },
    });
    const bottle = { 'bottles/base.yaml': 'updatePolicy: manual\nbackend: simulated\n' };
    expect(devOf({ ...fleet, ...plain, ...bottle })).toMatchObject({
      updatePolicy: 'manual',
      spec: { backend: 'simulated' },
    });
    const agent = { 'agents/dev.yaml': 'provider: {command: [bash]}\nupdatePolicy: when-idle\n' };
    expect(devOf({ ...fleet, ...bottle, ...agent }).updatePolicy).toBe('when-idle');
  });
});

describe('instances', () => {
  test.for([
    ["none written: one of the agent's name", '', ['dev']],
    ['a number: counted', 'instances: 3\n', ['dev-1', 'dev-2', 'dev-3']],
    ['zero: none', 'instances: 0\n', []],
    [
      'a list: as it says',
      'instances:\n  - {name: x, label: X, color: cyan}\n  - {name: y, suspend: true}\n',
      ['x', 'y'],
    ],
  ] as const)('%s', ([, written, names]) => {
    const { bottles } = loadValid(AGENT('[base]', written));
    expect(Object.keys(bottles)).toEqual(names);
  });

  test('carry their own label, colour and suspension', () => {
    const { bottles } = loadValid(
      AGENT('[base]', 'instances:\n  - {name: x, label: X, color: cyan, suspend: true}\n'),
    );
    expect(bottles[bottleName('x')]).toMatchObject({
      suspend: true,
      spec: { label: 'X', color: 'cyan' },
    });
  });
});

describe('env', () => {
  test('holds literals, variables of the host and questions, never their values', () => {
    const { desired } = load(
      {
        'bottles/base.yaml': 'env:\n  A: x\n  B: {fromHost: PAGER}\n  C: {ask: paste the token}\n',
      },
      hostPolicy({ envAllowed: ['PAGER'] }),
    );
    expect(desired?.bottles[DEV]?.spec.env).toEqual({
      A: { kind: 'literal', value: 'x' },
      B: { kind: 'from-host', variable: 'PAGER' },
      C: { kind: 'ask', question: 'paste the token' },
    });
  });
});

describe('files', () => {
  test('an image takes in what no .dockerignore leaves out, its own before that of the folder', () => {
    const desired = loadValid({
      ...AGENT('[base]', ''),
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'bottles/other.yaml': 'image: {dockerfile: images/b.Dockerfile}\n',
      'agents/other.yaml':
        'provider: {command: [bash]}\nbottles: [other]\ninstances: [{name: other}]\n',
      'images/.dockerignore': '.*\n**/*.log\n!tools/kept.log\n',
      'images/a.Dockerfile': 'FROM x\nCOPY . /\n',
      'images/b.Dockerfile': 'FROM x\nCOPY . /\n',
      'images/b.Dockerfile.dockerignore': '*\n!tools/tool\n',
      'images/tools/tool': 'tool\n',
      'images/tools/kept.log': 'kept\n',
      'images/tools/left.log': 'left\n',
      'images/.cache/file': 'cache\n',
    });
    const takenIn = (bottle: BottleName) => {
      const image = desired.bottles[bottle]?.spec.image;
      return image?.kind === 'dockerfile' ? image.context.map(({ path }) => path) : null;
    };
    expect(takenIn(DEV)).toEqual(['b.Dockerfile.dockerignore', 'tools/kept.log', 'tools/tool']);
    expect(takenIn(bottleName('other'))).toEqual(['tools/tool']);
    const texts = [...desired.contents.values()].map((bytes) => new TextDecoder().decode(bytes));
    expect(texts).not.toContain('left\n');
  });

  test('are kept by their digest, and only those that a bottle refers to', () => {
    const desired = loadValid({
      ...AGENT('[base]', 'prompt: {text: "hi\\n"}\nskills: [s]\n'),
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/a.Dockerfile': 'FROM scratch\nCOPY tools /\n',
      'images/tools/tool': 'tool\n',
      'images/other/tool': 'other\n',
      'images/unused.Dockerfile': 'FROM unused\n',
      'skills/s/SKILL.md': 'skill\n',
      'skills/s/bin/run.sh': 'run\n',
    });
    const spec = desired.bottles[DEV]?.spec;
    const decoder = new TextDecoder();
    expect([...desired.contents.values()].map((bytes) => decoder.decode(bytes)).sort()).toEqual(
      ['FROM scratch\nCOPY tools /\n', 'hi\n', 'run\n', 'skill\n', 'tool\n'].sort(),
    );
    expect(spec?.skills['s']?.map((file) => file.path)).toEqual(['SKILL.md', 'bin/run.sh']);
    expect(spec?.image).toMatchObject({
      kind: 'dockerfile',
      path: 'images/a.Dockerfile',
      context: [{ path: 'tools/tool', executable: false }],
    });
    if (spec?.prompt === null || spec?.prompt === undefined) throw new Error('no prompt');
    expect(decoder.decode(desired.contents.get(spec.prompt.digest))).toBe('hi\n');
  });
});

describe('deny', () => {
  const files = {
    ...AGENT('[base, top]'),
    'bottles/base.yaml':
      'allowlists: [a]\nroutes: [r]\ndeny:\n  - paste.test\n  - {host: "*.NGROK.test", reason: tunnels}\n',
    'bottles/top.yaml': 'deny: [bücher.test, paste.test]\n',
    'allowlists/a.yaml': 'hosts: [paste.test, "*.a.ngrok.test", ngrok.test, "*.b.test"]\n',
    'routes/r.yaml': 'routes: [{host: x.ngrok.test}, {host: api.test}]\n',
    'routes/dev.yaml': 'routes: [{host: paste.test}]\n',
  };

  test('of every layer is united, with the first file that says it', () => {
    const { spec, origins } = devOf(files);
    expect(spec.deny).toEqual([
      { host: '*.ngrok.test', reason: 'tunnels', file: 'bottles/base.yaml' },
      { host: 'paste.test', reason: null, file: 'bottles/base.yaml' },
      { host: 'xn--bcher-kva.test', reason: null, file: 'bottles/top.yaml' },
    ]);
    expect(origins).toMatchObject({
      'deny:paste.test': { file: 'bottles/base.yaml', line: 4 },
      'deny:*.ngrok.test': { file: 'bottles/base.yaml', line: 5 },
      'deny:xn--bcher-kva.test': { file: 'bottles/top.yaml', line: 1 },
    });
  });

  test('takes what it covers out of every list, also the instance’s own, and leaves the rest', () => {
    const { spec, origins } = devOf(files);
    expect(spec.egress.routes.map(({ host }) => host)).toEqual(['api.test']);
    expect(spec.allowlist.map(({ host }) => host)).toEqual(['*.b.test', 'ngrok.test']);
    expect(Object.keys(origins).sort()).not.toContain('route:paste.test');
  });

  test('of the fleet and of the agent hold as well, whatever the bottles say', () => {
    const denying = {
      ...files,
      ...AGENT('[base, top]', 'deny: [api.test, "*.b.test"]\n'),
      'fleet.yaml': 'name: home\ndeny:\n  - {host: ngrok.test, reason: never}\n  - paste.test\n',
    };
    const { spec, origins } = devOf(denying);
    expect(spec.deny.map(({ host, file }) => [host, file])).toEqual([
      ['*.b.test', 'agents/dev.yaml'],
      ['*.ngrok.test', 'bottles/base.yaml'],
      ['api.test', 'agents/dev.yaml'],
      ['ngrok.test', 'fleet.yaml'],
      ['paste.test', 'fleet.yaml'],
      ['xn--bcher-kva.test', 'bottles/top.yaml'],
    ]);
    expect([...spec.egress.routes, ...spec.allowlist]).toEqual([]);
    expect(origins['deny:ngrok.test']).toEqual({ file: 'fleet.yaml', line: 3 });
    const other = { ...denying, 'agents/other.yaml': 'provider: claude\nbottles: [base]\n' };
    const { bottles } = loadValid(other);
    const denied = Object.values(bottles).map(({ name, spec: { deny } }) => [name, deny.length]);
    expect(denied).toEqual([
      ['dev', 6],
      ['other', 3],
    ]);
    const twice = { ...denying, 'fleet.yaml': 'name: home\ndeny: [a.test, A.test]\n' };
    expect(lines(load(twice).diagnostics).join('\n')).toMatch(/fleet\.yaml:2:\d+ .*already denied/);
  });

  test.each(['deny: []\n', 'env: {A: b}\n', 'extends: base\ndeny: []\n'])(
    'is not loosened by a layer on top that says %j',
    (top) => {
      const { spec } = devOf({ ...files, 'bottles/top.yaml': top });
      expect(spec.deny.map(({ host }) => host)).toEqual(['*.ngrok.test', 'paste.test']);
    },
  );

  test('is checked like any list of hosts, in bottles that nobody uses too', () => {
    const problems = lines(
      load({
        'bottles/unused.yaml':
          'deny:\n  - a.test\n  - A.test\n  - https://b.test\n  - {host: c.test, expires: 2030-01-01T00:00:00Z}\n',
      }).diagnostics,
    );
    expect(problems.join('\n')).toMatch(/unused\.yaml:4:5 .*scheme/);
    expect(problems.join('\n')).toMatch(/unused\.yaml:5:\d+ .*expires/);
    const twice = { 'bottles/unused.yaml': 'deny:\n  - a.test\n  - A.test\n' };
    expect(lines(load(twice).diagnostics)).toEqual([
      expect.stringMatching(/unused\.yaml:3:5 .*already denied in line 2/),
    ]);
  });
});
