import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadDesiredState } from '../../src/desired/load.ts';
import type { TreeFile } from '../../src/desired/tree-file.ts';
import type { DesiredState } from '../../src/model/desired-state.ts';
import type { Proposal } from '../../src/model/proposal.ts';
import { parseEgressBlock } from '../../src/supervise/egress-block-input.ts';
import { parseApprovalScope, proposalToEdit } from '../../src/supervise/proposal-to-edit.ts';
import { reviewProposal, summarizeRequest } from '../../src/supervise/review.ts';
import { bottleName } from '../builders/observed.ts';
import { proposal, proposalId, proposalRequest } from '../builders/proposal.ts';

const FLEET = {
  'fleet.yaml': 'name: home\ndefaults: {bottle: base}\n',
  'bottles/base.yaml': 'routes: [gitea]\n',
  'agents/dev.yaml': 'provider: {command: [sh]}\ninstances: [{name: dev}, {name: nightly}]\n',
  'routes/gitea.yaml': `# Our forge
routes:
  - host: gitea.example.test # the public name
    paths: [/api/v1/]
    auth: {scheme: Bearer, secret: gitea-token}
`,
};
const OWN = { scope: { kind: 'instance' }, expires: null } as const;
const HOST = {
  secrets: {
    'gitea-token': { hosts: ['gitea.example.test'], gitUrls: [] },
    'other-token': { hosts: ['gitea.example.test', 'api.example.test'], gitUrls: [] },
  },
  envAllowed: [],
  rootfs: [],
};

const treeOf = (files: { readonly [path: string]: string }): ReadonlyMap<string, TreeFile> =>
  new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      { mode: '100644', bytes: new TextEncoder().encode(text) },
    ]),
  );

function load(files: { readonly [path: string]: string }): DesiredState {
  const { desired, diagnostics } = loadDesiredState(treeOf(files), HOST, { nowMs: 0 });
  if (desired === null) throw new Error(JSON.stringify(diagnostics));
  return desired;
}

/** What an operator is shown of a proposal on top of the fleet. */
function review(asked: Proposal, rawScope = 'instance', files: { [path: string]: string } = FLEET) {
  const scope = parseApprovalScope(rawScope);
  if (scope === null) throw new Error(`no scope ${rawScope}`);
  const before = load(files);
  const outcome = proposalToEdit(asked, treeOf(files), before, { scope, expires: null });
  if (outcome.kind === 'refused') throw new Error(outcome.reason);
  const { edits } = outcome;
  const after = load({
    ...files,
    ...Object.fromEntries(edits.map((edit) => [edit.path, edit.after])),
  });
  const shown = { proposal: asked, edits, before, after };
  const [edit = { path: '', before: null, after: '' }] = edits;
  return { ...reviewProposal(shown), edits, edit, after, shown };
}

const routesOf = (state: DesiredState, name = 'dev') =>
  state.bottles[bottleName(name)]?.spec.egress.routes;

describe('approving a proposal', () => {
  test("makes the instance's own set, and widens that instance alone", () => {
    const { diff, effective, risks, after } = review(proposal());
    expect(diff).toMatch(/^--- \/dev\/null\n\+\+\+ b\/routes\/dev\.yaml\n@@ -0,0 \+1,\d+ @@\n/);
    expect(diff).toContain('+  - host: api.example.test\n');
    expect(effective).toEqual(['dev: GET api.example.test /v1/*']);
    expect(risks).toEqual(['api.example.test is new to this fleet']);
    expect(routesOf(after, 'nightly')).toEqual(routesOf(load(FLEET), 'nightly'));
  });

  test('R39 keeps the credential of a host that a shared set has, and ignores the proposed one', () => {
    const request = proposalRequest({
      host: 'gitea.example.test',
      pathAllowlist: ['/api/v2/'],
      auth: { scheme: 'Bearer', secret: 'other-token' },
    });
    const { edit, effective, risks, after } = review(proposal({ request }));
    expect(edit.after).not.toContain('auth');
    expect(routesOf(after)).toMatchObject([{ auth: { secret: 'gitea-token' } }]);
    expect(effective).toEqual(['dev: GET gitea.example.test /api/v2/*']);
    expect(risks).toEqual(['requests to gitea.example.test carry a credential: gitea-token']);
  });

  test('gives a new host the credential that was proposed, and says so', () => {
    const auth = { scheme: 'Bearer', secret: 'other-token' } as const;
    const { effective, risks } = review(proposal({ request: proposalRequest({ auth }) }));
    expect(effective).toContain('dev: requests to api.example.test carry the secret other-token');
    expect(risks).toContain('requests to api.example.test carry a credential: other-token');
  });

  test('into a shared set keeps its comments and names every bottle that it widens', () => {
    const { edit, effective, risks } = review(proposal(), 'set:gitea');
    expect(edit.path).toBe('routes/gitea.yaml');
    expect(edit.after.startsWith(FLEET['routes/gitea.yaml'])).toBe(true);
    expect(effective).toEqual([
      'dev: GET api.example.test /v1/*',
      'nightly: GET api.example.test /v1/*',
    ]);
    expect(risks).toContain('widens 2 bottles: dev, nightly');
  });

  test('a second time changes nothing, and says so', () => {
    const first = review(proposal());
    const files = { ...FLEET, [first.edit.path]: first.edit.after };
    const second = review(proposal({ id: proposalId(2) }), 'instance', files);
    expect(second.diff).toBe('');
    expect(second.effective).toEqual([]);
    expect(second.risks).toEqual(['allows nothing new to dev']);
  });

  test.each([
    ['a set that does not exist', FLEET, 'set:nowhere', 'there is no set routes/nowhere.yaml'],
    [
      'a file that is no routes file',
      { ...FLEET, 'routes/dev.yaml': '- x\n' },
      'instance',
      'routes/dev.yaml cannot be edited',
    ],
  ])('is refused for %s', (_title, files, rawScope, reason) => {
    const scope = parseApprovalScope(rawScope) ?? { kind: 'instance' };
    expect(
      proposalToEdit(proposal(), treeOf(files), load(FLEET), { scope, expires: null }),
    ).toEqual({
      kind: 'refused',
      reason: expect.stringContaining(reason),
    });
  });

  test('is refused for a file that is a symbolic link', () => {
    const link: TreeFile = { mode: '120000', bytes: new TextEncoder().encode('gitea.yaml') };
    const files = new Map([...treeOf(FLEET), ['routes/dev.yaml', link]]);
    expect(proposalToEdit(proposal(), files, load(FLEET), OWN)).toMatchObject({
      kind: 'refused',
    });
  });

  test.each(['', 'fleet', 'set:', 'set:../agents/dev', 'set:a/b', 'set:A', 'instance '])(
    'has no scope %j',
    (raw) => {
      expect(parseApprovalScope(raw)).toBeNull();
    },
  );
});

describe('whatever the tool takes', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  const input = fc.record({
    host: fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.')),
    path_allowlist: fc.array(
      fc.oneof(fc.string({ unit: 'grapheme-ascii' }), fc.webPath()).map((path) => `/${path}`),
      { maxLength: 3 },
    ),
    methods: fc.array(fc.constantFrom('GET', 'post', 'PATCH', 'NO', 'yes', 'null'), {
      maxLength: 3,
    }),
    justification: fc.constant('why'),
  });

  test('becomes valid desired state that allows just that, and no field breaks out of its place', () => {
    let taken = 0;
    fc.assert(
      fc.property(input, (raw) => {
        const parsed = parseEgressBlock(raw);
        if (!parsed.ok) return;
        taken += 1;
        const { request } = parsed;
        const { after, effective } = review(proposal({ request }));
        const added = routesOf(after)?.filter(({ host }) => host !== 'gitea.example.test') ?? [];
        expect(added).toMatchObject([{ host: request.host, auth: null }]);
        const [match] = added[0]?.matches ?? [];
        expect(match?.paths.map(({ value }) => value) ?? []).toEqual(request.pathAllowlist);
        expect(match?.methods ?? []).toEqual(request.methods);
        expect(effective.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
    expect(taken).toBeGreaterThan(30);
  });
});

describe('what was seen', () => {
  test('is the same for the same proposal and diff, and another for any other', () => {
    const { seen, shown, edits } = review(proposal());
    expect(review(proposal()).seen).toBe(seen);
    const others = [
      reviewProposal({ ...shown, proposal: proposal({ id: proposalId(2) }) }),
      reviewProposal({
        ...shown,
        edits: edits.map((edit) => ({ ...edit, after: `${edit.after}# x\n` })),
      }),
    ].map((other) => other.seen);
    expect(new Set([seen, ...others]).size).toBe(3);
  });

  test('shows texts of the tree without control characters', () => {
    const files = { ...FLEET, 'routes/dev.yaml': 'routes: [] # \u202e\u200b\n' };
    const { diff } = review(proposal(), 'instance', files);
    expect(diff).toContain('\\u{202e}\\u{200b}');
  });

  test('in one line is what was asked for', () => {
    const auth = { scheme: 'Bearer', secret: 'token' } as const;
    expect(summarizeRequest(proposal({ request: proposalRequest({ auth }) }))).toBe(
      'GET api.example.test /v1/ with secret token',
    );
    const whole = proposalRequest({ pathAllowlist: [], methods: [] });
    expect(summarizeRequest(proposal({ request: whole }))).toBe(
      'any method api.example.test (every path)',
    );
  });
});
