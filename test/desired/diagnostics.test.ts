import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadDesiredState } from '../../src/desired/load.ts';
import type { TreeFile } from '../../src/desired/tree-file.ts';
import { DIAGNOSTIC_CODES, type DiagnosticCode } from '../../src/model/diagnostic.ts';
import { hostPolicy, treeFiles } from '../builders/desired.ts';
import { load, NOW_MS, VALID } from './valid-tree.ts';

const HOST = hostPolicy({
  secrets: {
    'gitea-token': { hosts: ['gitea.example'], gitUrls: ['ssh://git@gitea.example:30009/'] },
  },
  envAllowed: ['PAGER'],
  rootfs: ['debian'],
});

interface Case {
  readonly code: DiagnosticCode;
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  /** `file:line:column` of the problem. */
  readonly at: string;
  /** Part of the message and hint. */
  readonly says: RegExp;
  /** The same thing done right: nothing is reported. */
  readonly instead: Readonly<Record<string, string>>;
  readonly severity?: 'warning';
}

const used = (routes: string) => ({
  'bottles/base.yaml': 'routes: [r]\n',
  'routes/r.yaml': routes,
});
const listed = (hosts: string) => ({
  'bottles/base.yaml': 'allowlists: [a]\n',
  'allowlists/a.yaml': hosts,
});

const CASES: readonly Case[] = [
  {
    code: 'yaml-syntax',
    title: 'a bracket that is not closed',
    files: { 'bottles/base.yaml': 'env: {A: b\nimage: x\n' },
    at: 'bottles/base.yaml:2:1',
    says: /must be sufficiently indented/i,
    instead: { 'bottles/base.yaml': 'env: {A: b}\n' },
  },
  {
    code: 'yaml-syntax',
    title: 'a custom tag',
    files: { 'bottles/base.yaml': 'env: !env {A: b}\n' },
    at: 'bottles/base.yaml:1:6',
    says: /Unresolved tag/,
    instead: { 'bottles/base.yaml': 'env: {A: "!env"}\n' },
  },
  {
    code: 'yaml-syntax',
    title: 'an older YAML, in which yes is true',
    files: { 'bottles/base.yaml': '%YAML 1.1\n---\nenv: {A: b}\n' },
    at: 'bottles/base.yaml:1:1',
    says: /another YAML than 1\.2/,
    instead: { 'bottles/base.yaml': '%YAML 1.2\n---\nenv: {A: b}\n' },
  },
  {
    code: 'yaml-syntax',
    title: 'an alias without its anchor',
    files: { 'bottles/base.yaml': 'env: {A: *b}\n' },
    at: 'bottles/base.yaml:1:10',
    says: /"\*b" has no anchor/,
    instead: { 'bottles/base.yaml': 'env: {B: &b x, A: *b}\n' },
  },
  {
    code: 'duplicate-key',
    title: 'a key twice',
    files: { 'bottles/base.yaml': 'env: {A: b}\nruntime: runc\nenv: {C: d}\n' },
    at: 'bottles/base.yaml:3:1',
    says: /"env" is given twice/,
    instead: { 'bottles/base.yaml': 'env: {A: b, C: d}\n' },
  },
  {
    code: 'multiple-documents',
    title: 'two documents',
    files: { 'bottles/base.yaml': 'env: {A: b}\n---\nenv: {C: d}\n' },
    at: 'bottles/base.yaml:2:1',
    says: /two documents.*split it/,
    instead: { 'bottles/base.yaml': '---\nenv: {A: b}\n' },
  },
  {
    code: 'empty-file',
    title: 'a file of comments only',
    files: { 'bottles/base.yaml': '# later\n' },
    at: 'bottles/base.yaml:1:1',
    says: /empty/,
    instead: { 'bottles/base.yaml': '{}\n' },
  },
  {
    code: 'conflict-marker',
    title: 'a merge that was committed half way',
    files: { 'bottles/base.yaml': 'env:\n<<<<<<< HEAD\n  A: b\n=======\n  A: c\n>>>>>>> other\n' },
    at: 'bottles/base.yaml:2:1',
    says: /merge conflict.*resolve it/,
    instead: { 'bottles/base.yaml': 'env:\n  A: "<<<<<<< HEAD"\n' },
  },
  {
    code: 'crlf',
    title: 'CRLF line ends',
    files: { 'bottles/base.yaml': 'env: {A: b}\r\n' },
    at: 'bottles/base.yaml:1:12',
    says: /CRLF/,
    instead: { 'bottles/base.yaml': 'env: {A: "b\\r\\n"}\n' },
  },
  {
    code: 'byte-order-mark',
    title: 'a byte order mark',
    files: { 'bottles/base.yaml': '\uFEFFenv: {A: b}\n' },
    at: 'bottles/base.yaml:1:1',
    says: /byte order mark/,
    instead: { 'bottles/base.yaml': 'env: {A: b}\n' },
  },
  {
    code: 'tab-indentation',
    title: 'a tab as indentation',
    files: { 'bottles/base.yaml': 'env:\n\tA: b\n' },
    at: 'bottles/base.yaml:2:1',
    says: /tab.*spaces/,
    instead: { 'bottles/base.yaml': 'env:\n  A: "\tb"\n' },
  },
  {
    code: 'alias-bomb',
    title: 'aliases of aliases',
    files: {
      'bottles/base.yaml': `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefgh']
        .map(
          (name, index) =>
            `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`).join(', ')}]\n`,
        )
        .join('')}`,
    },
    at: 'bottles/base.yaml:1:1',
    says: /aliases expand/,
    instead: { 'bottles/base.yaml': 'env: {A: &a x, B: *a}\n' },
  },
  {
    code: 'alias-bomb',
    title: 'more aliases than a person writes',
    files: {
      'bottles/base.yaml': `env:\n  A: &a x\n${Array.from({ length: 101 }, (_, index) => `  B${index}: *a\n`).join('')}`,
    },
    at: 'bottles/base.yaml:103:9',
    says: /more than 100 aliases/,
    instead: { 'bottles/base.yaml': 'env: {A: &a x, B: *a}\n' },
  },
  {
    code: 'file-too-large',
    title: 'a file of more than 1 MiB',
    files: { 'bottles/base.yaml': `env: {A: ${'x'.repeat(1024 * 1024)}}\n` },
    at: 'bottles/base.yaml:1:1',
    says: /more than 1 MiB/,
    instead: { 'bottles/base.yaml': `env: {A: ${'x'.repeat(1000)}}\n` },
  },
  {
    code: 'path-traversal',
    title: 'a prompt outside of the folder',
    files: { 'agents/dev.yaml': 'provider: claude\nprompt: {file: ../../etc/passwd}\n' },
    at: 'agents/dev.yaml:2:16',
    says: /leads out of the desired-state folder/,
    instead: {
      'agents/dev.yaml': 'provider: claude\nprompt: {file: ./prompts/a.md}\n',
      'prompts/a.md': 'hi\n',
    },
  },
  {
    code: 'path-traversal',
    title: 'an absolute Dockerfile',
    files: { 'bottles/base.yaml': 'image: {dockerfile: /etc/passwd}\n' },
    at: 'bottles/base.yaml:1:21',
    says: /leads out/,
    instead: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/a.Dockerfile': 'FROM x\n',
    },
  },
  {
    code: 'invalid-value',
    title: 'a Dockerfile whose lines go on by another character',
    files: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/a.Dockerfile': '# syntax=docker/dockerfile:1\n# escape=`\nFROM x\n',
    },
    at: 'images/a.Dockerfile:2:1',
    says: /`# escape=` directive/,
    instead: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/a.Dockerfile': '# syntax=docker/dockerfile:1\n# escape=\\\nFROM x\n',
    },
  },
  {
    code: 'missing-file',
    title: 'a file that a Dockerfile copies',
    files: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/a.Dockerfile': 'FROM x\nCOPY tools/tol /\n',
      'images/tools/tool': 'tool\n',
    },
    at: 'images/a.Dockerfile:2:1',
    says: /no file "images\/tools\/tol"/,
    instead: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/a.Dockerfile': 'FROM x\nCOPY tools/tool /\n',
      'images/tools/tool': 'tool\n',
    },
  },
  {
    code: 'missing-file',
    title: 'a file that a Dockerfile copies and a .dockerignore leaves out',
    files: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/.dockerignore': 'tools\n',
      'images/a.Dockerfile': 'FROM x\nCOPY tools/tool /\n',
      'images/tools/tool': 'tool\n',
    },
    at: 'images/a.Dockerfile:2:1',
    says: /"tools\/tool" is left out of the build by images\/\.dockerignore/,
    instead: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/.dockerignore': 'tools\n!tools/tool\n',
      'images/a.Dockerfile': 'FROM x\nCOPY tools/tool /\n',
      'images/tools/tool': 'tool\n',
    },
  },
  {
    code: 'invalid-value',
    title: 'a line of a .dockerignore that is no pattern',
    files: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/a.Dockerfile.dockerignore': '# what is not needed\n[a-\n',
      'images/a.Dockerfile': 'FROM x\n',
    },
    at: 'images/a.Dockerfile.dockerignore:2:1',
    says: /a \[ has no \]/,
    instead: {
      'bottles/base.yaml': 'image: {dockerfile: images/a.Dockerfile}\n',
      'images/a.Dockerfile.dockerignore': '# what is not needed\n[a-z]\n',
      'images/a.Dockerfile': 'FROM x\n',
    },
  },
  {
    code: 'case-collision',
    title: 'two files of one name in other case',
    files: { 'prompts/a.md': 'a\n', 'prompts/A.md': 'b\n' },
    at: 'prompts/a.md:1:1',
    says: /"prompts\/A\.md" only in case/,
    instead: { 'prompts/a.md': 'a\n', 'prompts/b.md': 'b\n' },
  },
  {
    code: 'unexpected-file',
    title: 'a folder that is no kind',
    files: { 'agent/dev.yaml': 'provider: claude\n' },
    at: 'agent/dev.yaml:1:1',
    says: /did you mean "agents\/"/,
    instead: { 'agents/other.yaml': 'provider: claude\n' },
  },
  {
    code: 'unexpected-file',
    title: 'the other ending of YAML files',
    files: { 'agents/x.yml': 'provider: claude\n' },
    at: 'agents/x.yml:1:1',
    says: /end in \.yaml/,
    instead: { 'agents/x.yaml': 'provider: claude\n' },
  },
  {
    code: 'unexpected-file',
    title: 'a file that nothing reads',
    files: { 'notes.txt': 'x\n' },
    at: 'notes.txt:1:1',
    says: /nothing reads this/,
    instead: { 'README.md': 'x\n', '.gitattributes': '* text\n' },
    severity: 'warning',
  },
  {
    code: 'missing-file',
    title: 'a prompt that was not committed',
    files: {
      'agents/dev.yaml': 'provider: claude\nprompt: {file: prompts/devv.md}\n',
      'prompts/dev.md': 'x\n',
    },
    at: 'agents/dev.yaml:2:16',
    says: /no file "prompts\/devv\.md".*did you mean "prompts\/dev\.md"/,
    instead: {
      'agents/dev.yaml': 'provider: claude\nprompt: {file: prompts/dev.md}\n',
      'prompts/dev.md': 'x\n',
    },
  },
  {
    code: 'missing-file',
    title: 'a skill without its SKILL.md',
    files: { 'agents/dev.yaml': 'provider: claude\nskills: [x]\n', 'skills/x/run.sh': 'x\n' },
    at: 'agents/dev.yaml:2:10',
    says: /skills\/x\/SKILL\.md/,
    instead: { 'agents/dev.yaml': 'provider: claude\nskills: [x]\n', 'skills/x/SKILL.md': 'x\n' },
  },
  {
    code: 'unknown-key',
    title: 'a typing error in a key',
    files: { 'agents/dev.yaml': 'provider: claude\n\nbottles: [base]\n  \npromt: {text: x}\n' },
    at: 'agents/dev.yaml:5:1',
    says: /unknown key "promt".*did you mean "prompt"/,
    instead: { 'agents/dev.yaml': 'provider: claude\nprompt: {text: x}\n' },
  },
  {
    code: 'unknown-key',
    title: 'a typing error in a key inside of one of several forms',
    files: used('routes:\n  - host: a.example\n    matches: [{paths: [{prefx: /a}]}]\n'),
    at: 'routes/r.yaml:3:25',
    says: /unknown key "prefx".*did you mean "prefix"/,
    instead: used('routes:\n  - host: a.example\n    matches: [{paths: [{prefix: /a}]}]\n'),
  },
  {
    code: 'unknown-key',
    title: 'gitGate at the level of an agent',
    files: { 'agents/dev.yaml': 'provider: claude\ngitGate: {repos: {}}\n' },
    at: 'agents/dev.yaml:2:1',
    says: /belongs in bottles/,
    instead: { 'bottles/base.yaml': 'gitGate: {repos: {}}\n' },
  },
  {
    code: 'missing-key',
    title: 'an agent without a provider',
    files: { 'agents/dev.yaml': 'bottles: [base]\n' },
    at: 'agents/dev.yaml:1:1',
    says: /"provider" is missing/,
    instead: { 'agents/dev.yaml': 'bottles: [base]\nprovider: codex\n' },
  },
  {
    code: 'missing-key',
    title: 'a repository that no bottle gives a url',
    files: { 'bottles/base.yaml': 'gitGate:\n  repos:\n    site: {branches: [main]}\n' },
    at: 'bottles/base.yaml:3:5',
    says: /"site" has no url/,
    instead: {
      'bottles/base.yaml': 'gitGate:\n  repos:\n    site: {url: https://git.example/me/site.git}\n',
    },
  },
  {
    code: 'wrong-type',
    title: 'a number where a text belongs',
    files: { 'bottles/base.yaml': 'env: {PORT: 8080}\n' },
    at: 'bottles/base.yaml:1:13',
    says: /"PORT" must be.*write it in quotes: "8080"/,
    instead: { 'bottles/base.yaml': 'env: {PORT: "8080"}\n' },
  },
  {
    code: 'wrong-type',
    title: 'a text where a list belongs',
    files: { 'bottles/base.yaml': 'routes: a\n' },
    at: 'bottles/base.yaml:1:9',
    says: /"routes" must be a list, found a text/,
    instead: { 'bottles/base.yaml': 'routes: []\n' },
  },
  {
    code: 'wrong-type',
    title: 'a key without a value',
    files: { 'agents/dev.yaml': 'provider: claude\nskills:\n' },
    at: 'agents/dev.yaml:2:8',
    says: /found nothing/,
    instead: { 'agents/dev.yaml': 'provider: claude\nskills: []\n' },
  },
  {
    code: 'wrong-type',
    title: 'a key that is a list',
    files: { 'bottles/base.yaml': '? [a]\n: b\n' },
    at: 'bottles/base.yaml:1:3',
    says: /a key is not a text/,
    instead: { 'bottles/base.yaml': 'env: {a: b}\n' },
  },
  {
    code: 'invalid-value',
    title: 'a backend that there is not',
    files: { 'bottles/base.yaml': 'backend: doker\n' },
    at: 'bottles/base.yaml:1:10',
    says: /"doker".*did you mean "docker"/,
    instead: { 'bottles/base.yaml': 'backend: docker\n' },
  },
  {
    code: 'invalid-value',
    title: 'a list that was emptied, which must not open everything',
    files: used('routes:\n  - {host: a.example, paths: []}\n'),
    at: 'routes/r.yaml:2:30',
    says: /"paths" is an empty list/,
    instead: used('routes:\n  - {host: a.example, paths: [/a/]}\n'),
  },
  {
    code: 'invalid-value',
    title: 'a path that is not normalised',
    files: used('routes:\n  - {host: a.example, paths: [/a/../b]}\n'),
    at: 'routes/r.yaml:2:31',
    says: /not normalised/,
    instead: used('routes:\n  - {host: a.example, paths: [/a/..b]}\n'),
  },
  {
    code: 'invalid-value',
    title: 'a method that is never forwarded',
    files: used('routes:\n  - {host: a.example, matches: [{methods: [TRACE]}]}\n'),
    at: 'routes/r.yaml:2:44',
    says: /"TRACE" is not a method/,
    instead: used('routes:\n  - {host: a.example, matches: [{methods: [GET]}]}\n'),
  },
  {
    code: 'invalid-value',
    title: 'an address block with bits below its mask',
    files: used('routes:\n  - {host: a.example, addresses: [10.0.0.5/8]}\n'),
    at: 'routes/r.yaml:2:35',
    says: /write "10\.0\.0\.0\/8"/,
    instead: used('routes:\n  - {host: a.example, addresses: [10.0.0.0/8, 192.0.2.1, fd00::/8]}\n'),
  },
  {
    code: 'invalid-value',
    title: 'an end that no calendar has',
    files: used('routes:\n  - {host: a.example, expires: 2026-02-31T00:00:00Z}\n'),
    at: 'routes/r.yaml:2:32',
    says: /not an instant/,
    instead: used('routes:\n  - {host: a.example, expires: 2026-02-28T00:00:00+01:00}\n'),
  },
  {
    code: 'invalid-value',
    title: 'a list that both replaces and adds',
    files: {
      'bottles/base.yaml': 'routes: [a, +b]\n',
      'routes/a.yaml': 'routes: []\n',
      'routes/b.yaml': 'routes: []\n',
    },
    at: 'bottles/base.yaml:1:9',
    says: /mixes names that replace with \+names/,
    instead: {
      'bottles/base.yaml': 'routes: [+a, +b]\n',
      'routes/a.yaml': 'routes: []\n',
      'routes/b.yaml': 'routes: []\n',
    },
  },
  {
    code: 'invalid-name',
    title: 'a file whose name is no name',
    files: { 'bottles/Base_2.yaml': '{}\n' },
    at: 'bottles/Base_2.yaml:1:1',
    says: /"Base_2" is not a name/,
    instead: { 'bottles/base-2.yaml': '{}\n' },
  },
  {
    code: 'invalid-name',
    title: 'an instance whose name is no slug',
    files: { 'agents/dev.yaml': 'provider: claude\ninstances:\n  - {name: dev_1}\n' },
    at: 'agents/dev.yaml:3:12',
    says: /"dev_1" is not a name/,
    instead: { 'agents/dev.yaml': 'provider: claude\ninstances:\n  - {name: dev-1}\n' },
  },
  {
    code: 'invalid-name',
    title: 'a variable that no environment can have',
    files: { 'bottles/base.yaml': 'env: {A: x, 1B: y}\n' },
    at: 'bottles/base.yaml:1:13',
    says: /"1B" is not an environment variable/,
    instead: { 'bottles/base.yaml': 'env: {A: x, B1: y}\n' },
  },
  {
    code: 'invalid-name',
    title: 'a key that would reach the prototype of an object',
    files: { 'bottles/base.yaml': 'env: {__proto__: y}\n' },
    at: 'bottles/base.yaml:1:7',
    says: /cannot be a key/,
    instead: { 'bottles/base.yaml': 'env: {constructor: y}\n' },
  },
  {
    code: 'invalid-host',
    title: 'a host with a scheme',
    files: listed('hosts:\n  - https://a.example\n'),
    at: 'allowlists/a.yaml:2:5',
    says: /has a scheme/,
    instead: listed('hosts:\n  - a.example\n'),
  },
  {
    code: 'invalid-regex',
    title: 'a regular expression that is none',
    files: used('routes:\n  - host: a.example\n    matches: [{paths: [{regex: "^/(a"}]}]\n'),
    at: 'routes/r.yaml:3:32',
    says: /not a regular expression/,
    instead: used('routes:\n  - host: a.example\n    matches: [{paths: [{regex: "^/(a)"}]}]\n'),
  },
  {
    code: 'unsafe-regex',
    title: 'a regular expression that can be made to run for hours',
    files: used('routes:\n  - host: a.example\n    matches: [{paths: [{regex: "^/(a+)+$"}]}]\n'),
    at: 'routes/r.yaml:3:32',
    says: /may take more than linear time/,
    instead: used(
      'routes:\n  - host: a.example\n    matches: [{paths: [{regex: "^(/[a-z]+)+$"}]}]\n',
    ),
  },
  {
    code: 'unknown-reference',
    title: 'a bottle that there is not',
    files: { 'agents/dev.yaml': 'provider: claude\nbottles: [base, bse]\n' },
    at: 'agents/dev.yaml:2:17',
    says: /no bottle "bse".*did you mean "base"/,
    instead: { 'agents/dev.yaml': 'provider: claude\nbottles: [base]\n' },
  },
  {
    code: 'unknown-reference',
    title: 'a root file system that the host does not have',
    files: { 'bottles/base.yaml': 'image: {rootfs: debain}\n' },
    at: 'bottles/base.yaml:1:17',
    says: /no root file system "debain".*did you mean "debian"/,
    instead: { 'bottles/base.yaml': 'image: {rootfs: debian}\n' },
  },
  {
    code: 'unknown-reference',
    title: 'a root file system of one instance that the host does not have',
    files: {
      'agents/dev.yaml':
        'provider: claude\nbottles: [base]\ninstances:\n  - {name: dev, image: {rootfs: usr}}\n',
    },
    at: 'agents/dev.yaml:4:33',
    says: /no root file system "usr".*images\.rootfs/,
    instead: {
      'agents/dev.yaml':
        'provider: claude\nbottles: [base]\ninstances:\n  - {name: dev, image: {rootfs: debian}}\n',
    },
  },
  {
    code: 'invalid-name',
    title: 'a folder of the host in the place of the name of one',
    files: { 'bottles/base.yaml': 'image: {rootfs: /root}\n' },
    at: 'bottles/base.yaml:1:17',
    says: /"\/root" is not a name/,
    instead: { 'bottles/base.yaml': 'image: {rootfs: debian}\n' },
  },
  {
    code: 'unknown-reference',
    title: 'a default bottle that there is not',
    files: { 'fleet.yaml': 'name: home\ndefaults: {bottle: bas}\n' },
    at: 'fleet.yaml:2:20',
    says: /did you mean "base"/,
    instead: { 'fleet.yaml': 'name: home\ndefaults: {bottle: base}\n' },
  },
  {
    code: 'unknown-reference',
    title: 'a base that there is not',
    files: { 'bottles/base.yaml': 'extends: root\n' },
    at: 'bottles/base.yaml:1:10',
    says: /write bottles\/root\.yaml/,
    instead: { 'bottles/base.yaml': 'extends: root\n', 'bottles/root.yaml': '{}\n' },
  },
  {
    code: 'unknown-reference',
    title: 'a route set that there is not',
    files: { 'bottles/base.yaml': 'routes: [+gite]\n', 'routes/gitea.yaml': 'routes: []\n' },
    at: 'bottles/base.yaml:1:10',
    says: /no routes\/gite\.yaml.*did you mean "gitea"/,
    instead: { 'bottles/base.yaml': 'routes: [+gitea]\n', 'routes/gitea.yaml': 'routes: []\n' },
  },
  {
    code: 'unknown-reference',
    title: 'a skill that there is not',
    files: { 'bottles/base.yaml': 'skills: [commit]\n' },
    at: 'bottles/base.yaml:1:10',
    says: /no skill "commit"/,
    instead: { 'bottles/base.yaml': 'skills: [commit]\n', 'skills/commit/SKILL.md': 'x\n' },
  },
  {
    code: 'reserved-reference',
    title: 'a set that belongs to an instance',
    files: { 'bottles/base.yaml': 'routes: [dev]\n', 'routes/dev.yaml': 'routes: []\n' },
    at: 'bottles/base.yaml:1:10',
    says: /belongs to instance "dev" alone/,
    instead: {
      'bottles/base.yaml': 'routes: [shared]\n',
      'routes/dev.yaml': 'routes: []\n',
      'routes/shared.yaml': 'routes: []\n',
    },
  },
  {
    code: 'extends-cycle',
    title: 'bottles that extend each other',
    files: {
      'bottles/base.yaml': 'extends: b\n',
      'bottles/b.yaml': 'extends: [c]\n',
      'bottles/c.yaml': 'extends: base\n',
    },
    at: 'bottles/base.yaml:1:10',
    says: /in a circle: b -> c -> base -> b/,
    instead: {
      'bottles/base.yaml': 'extends: b\n',
      'bottles/b.yaml': 'extends: [c]\n',
      'bottles/c.yaml': '{}\n',
    },
  },
  {
    code: 'duplicate-instance',
    title: 'two instances of one name',
    files: { 'agents/ops.yaml': 'provider: claude\ninstances:\n  - {name: dev}\n' },
    at: 'agents/ops.yaml:3:12',
    says: /"dev" is already declared in agents\/dev\.yaml:1/,
    instead: { 'agents/ops.yaml': 'provider: claude\ninstances:\n  - {name: dev2}\n' },
  },
  {
    code: 'duplicate-host',
    title: 'one host twice in other spelling',
    files: used('routes:\n  - host: a.example\n  - host: A.Example\n'),
    at: 'routes/r.yaml:3:11',
    says: /already has a route in line 2/,
    instead: used('routes:\n  - host: a.example\n  - host: b.example\n'),
  },
  {
    code: 'duplicate-host',
    title: 'one host in two sets of a bottle',
    files: {
      'bottles/base.yaml': 'routes: [a, b]\n',
      'routes/a.yaml': 'routes: [{host: a.example}]\n',
      'routes/b.yaml': 'routes: [{host: a.example}]\n',
    },
    at: 'routes/b.yaml:1:17',
    says: /routes\/a\.yaml:1, and one bottle has both/,
    instead: {
      'bottles/base.yaml': 'routes: [a]\n',
      'bottles/other.yaml': 'routes: [b]\n',
      'routes/a.yaml': 'routes: [{host: a.example}]\n',
      'routes/b.yaml': 'routes: [{host: a.example}]\n',
    },
  },
  {
    code: 'duplicate-host',
    title: 'one host twice in an allowlist',
    files: listed('hosts:\n  - a.example\n  - {host: A.example}\n'),
    at: 'allowlists/a.yaml:3:12',
    says: /already listed in line 2/,
    instead: listed('hosts:\n  - a.example\n  - {host: "*.a.example"}\n'),
  },
  {
    code: 'provider-host',
    title: 'a route for the host of the provider',
    files: {
      'agents/dev.yaml': 'provider: claude\nbottles: [base]\n',
      ...used('routes:\n  - host: API.anthropic.com\n'),
    },
    at: 'routes/r.yaml:2:11',
    says: /provider in agents\/dev\.yaml:1 owns host "api\.anthropic\.com", so routes\/r\.yaml/,
    instead: {
      'agents/dev.yaml': 'provider: codex\nbottles: [base]\n',
      ...used('routes:\n  - host: API.anthropic.com\n'),
    },
  },
  {
    code: 'unknown-secret',
    title: 'a secret that this machine does not have',
    files: used(
      'routes:\n  - host: gitea.example\n    auth: {scheme: Bearer, secret: gitea-tokn}\n',
    ),
    at: 'routes/r.yaml:3:36',
    says: /no secret "gitea-tokn".*did you mean "gitea-token"/,
    instead: used(
      'routes:\n  - host: gitea.example\n    auth: {scheme: Bearer, secret: gitea-token}\n',
    ),
  },
  {
    code: 'secret-off-list',
    title: 'a route that sends a secret elsewhere',
    files: used(
      'routes:\n  - host: evil.example\n    auth: {header: X-Key, secret: gitea-token}\n',
    ),
    at: 'routes/r.yaml:3:35',
    says: /"gitea-token" may not be sent to "evil\.example"/,
    instead: used(
      'routes:\n  - host: gitea.example\n    auth: {header: X-Key, secret: gitea-token}\n',
    ),
  },
  {
    code: 'secret-off-list',
    title: 'a provider that sends a secret elsewhere',
    files: {
      'agents/dev.yaml': 'provider: {name: claude, auth: {scheme: Bearer, secret: gitea-token}}\n',
    },
    at: 'agents/dev.yaml:1:57',
    says: /may not be sent to "api\.anthropic\.com"/,
    instead: { 'agents/dev.yaml': 'provider: {name: claude}\n' },
  },
  {
    code: 'secret-off-list',
    title: 'a git key for another server',
    files: {
      'bottles/base.yaml':
        'gitGate:\n  repos:\n    site: {url: "ssh://git@evil.example/x.git", hostKey: ssh-ed25519 AAAA, key: {secret: gitea-token}}\n',
    },
    at: 'bottles/base.yaml:3:5',
    says: /may not be used for "ssh:\/\/git@evil/,
    instead: {
      'bottles/base.yaml':
        'gitGate:\n  repos:\n    site: {url: "ssh://git@gitea.example:30009/x.git", hostKey: ssh-ed25519 AAAA, key: {secret: gitea-token}}\n',
    },
  },
  {
    code: 'invalid-value',
    title: 'a field of pipelock that would open the gate',
    files: { 'bottles/base.yaml': 'pipelock:\n  extra: {forward_proxy: {enabled: false}}\n' },
    at: 'bottles/base.yaml:2:27',
    says: /"forward_proxy\.enabled" of pipelock\.yaml is set by bb alone.*allowlists\//,
    instead: {
      'bottles/base.yaml': 'pipelock:\n  extra: {forward_proxy: {max_tunnel_seconds: 60}}\n',
    },
  },
  {
    code: 'invalid-value',
    title: 'hosts in the place of a list of hosts',
    files: { 'bottles/base.yaml': 'pipelock: {extra: {api_allowlist: ["*"]}}\n' },
    at: 'bottles/base.yaml:1:20',
    says: /"api_allowlist" of pipelock\.yaml is set by bb alone/,
    instead: { 'bottles/base.yaml': 'pipelock: {extra: {dlp: {scan_env: true}}}\n' },
  },
  {
    code: 'env-not-allowed',
    title: 'a variable of the host that is not open',
    files: { 'bottles/base.yaml': 'env: {A: {fromHost: AWS_KEY}}\n' },
    at: 'bottles/base.yaml:1:21',
    says: /"AWS_KEY" of the host may not be read.*envAllowed/,
    instead: { 'bottles/base.yaml': 'env: {A: {fromHost: PAGER}}\n' },
  },
  {
    code: 'missing-host-key',
    title: 'ssh without a pinned key',
    files: {
      'bottles/base.yaml': 'gitGate:\n  repos:\n    site: {url: "ssh://git@gitea.example/x.git"}\n',
    },
    at: 'bottles/base.yaml:3:5',
    says: /pins no host key/,
    instead: {
      'bottles/base.yaml': 'gitGate:\n  repos:\n    site: {url: "https://gitea.example/x.git"}\n',
    },
  },
  {
    code: 'expired',
    title: 'a grant whose end is past',
    files: used('routes:\n  - host: a.example\n    expires: 2025-12-31T23:59:59Z\n'),
    at: 'routes/r.yaml:3:14',
    says: /"a\.example" ended at 2025-12-31T23:59:59Z/,
    instead: used('routes:\n  - host: a.example\n    expires: 2026-12-31T23:59:59Z\n'),
    severity: 'warning',
  },
  {
    code: 'reopened',
    title: 'a route whose end would open its host by an allowlist',
    files: {
      ...used('routes:\n  - {host: a.example, paths: [/v1/], expires: 2026-12-31T23:59:59Z}\n'),
      'allowlists/dev.yaml': 'hosts: [a.example]\n',
    },
    at: 'routes/r.yaml:2:1',
    says: /"a\.example" ends at 2026-12-31T23:59:59Z, and allowlists\/dev\.yaml would open/,
    instead: {
      ...used('routes:\n  - {host: a.example, paths: [/v1/], expires: 2026-12-31T23:59:59Z}\n'),
      'allowlists/dev.yaml': 'hosts: [{host: a.example, expires: 2026-12-31T23:59:59Z}]\n',
    },
    severity: 'warning',
  },
  {
    code: 'orphaned-set',
    title: 'a set whose instance is gone',
    files: { 'routes/gone.yaml': 'routes: []\n' },
    at: 'routes/gone.yaml:1:1',
    says: /no instance is named "gone"/,
    instead: { 'routes/dev.yaml': 'routes: []\n' },
    severity: 'warning',
  },
  {
    code: 'not-supported',
    title: 'repositories behind a gate that is not there',
    files: {
      'bottles/base.yaml': 'gitGate:\n  repos:\n    site: {url: "https://gitea.example/x.git"}\n',
    },
    at: 'bottles/base.yaml:1:1',
    says: /not there yet/,
    instead: { 'bottles/base.yaml': 'gitGate: {repos: {}}\n' },
    severity: 'warning',
  },
  {
    code: 'invalid-value',
    title: 'a rule that approves whatever the host',
    files: { 'policies/p.yaml': 'rules:\n  - when: {tool: egress-block}\n    do: approve\n' },
    at: 'policies/p.yaml:2:11',
    says: /names its hosts/,
    instead: {
      'policies/p.yaml':
        'rules:\n  - when: {tool: egress-block, hosts: ["*.a.test"]}\n    do: approve\n    expiresAfter: 8h\n',
    },
  },
  {
    code: 'invalid-value',
    title: 'a rule that approves images',
    files: {
      'policies/p.yaml':
        'rules:\n  - when: {tool: capability-block, hosts: [a.test]}\n    do: approve\n',
    },
    at: 'policies/p.yaml:2:18',
    says: /no rule approves capability-block/,
    instead: {
      'policies/p.yaml': 'rules:\n  - when: {tool: capability-block}\n    do: ask\n',
    },
  },
  {
    code: 'invalid-value',
    title: 'an end of a refusal',
    files: {
      'policies/p.yaml':
        'rules:\n  - when: {hosts: [a.test]}\n    do: reject\n    expiresAfter: 8h\n',
    },
    at: 'policies/p.yaml:4:19',
    says: /grants nothing that ends/,
    instead: {
      'policies/p.yaml': 'rules:\n  - when: {hosts: [a.test]}\n    do: reject\n    reason: no\n',
    },
  },
];

describe('every fault is told by its own code, at its place, with what to do', () => {
  test.for(CASES)('$code: $title', ({ code, files, at, says, severity = 'error' }) => {
    const { desired, diagnostics } = load(files, HOST);
    const found = diagnostics.filter((diagnostic) => diagnostic.code === code);
    expect(found.map(({ file, line, column }) => `${file}:${line}:${column}`)).toContain(at);
    const [first] = found;
    expect(`${first?.message} (${first?.hint ?? ''})`).toMatch(says);
    expect(first?.severity).toBe(severity);
    expect(desired === null).toBe(severity === 'error');
  });

  test.for(CASES)('$code is not told of what is right: $title', ({ code, instead }) => {
    const { desired, diagnostics } = load(instead, HOST);
    expect(
      diagnostics.filter((found) => found.code === code || found.severity === 'error'),
    ).toEqual([]);
    expect(desired).not.toBeNull();
  });
});

describe('faults of the tree itself', () => {
  const withFile = (path: string, file: TreeFile) =>
    loadDesiredState(new Map([...treeFiles(VALID), [path, file]]), HOST, { nowMs: NOW_MS });

  test('a symbolic link is refused wherever it is', () => {
    const { desired, diagnostics } = withFile('prompts/a.md', {
      mode: '120000',
      bytes: Buffer.from('/etc/passwd'),
    });
    expect(diagnostics).toMatchObject([
      { code: 'symlink', file: 'prompts/a.md', line: 1, column: 1 },
    ]);
    expect(desired).toBeNull();
  });

  test('a submodule is refused', () => {
    const { diagnostics } = withFile('skills/x', { mode: '160000', bytes: new Uint8Array() });
    expect(diagnostics).toMatchObject([
      { code: 'unexpected-file', file: 'skills/x', severity: 'error' },
    ]);
  });

  test('bytes that are not UTF-8 are refused', () => {
    const { diagnostics } = withFile('bottles/x.yaml', {
      mode: '100644',
      bytes: Uint8Array.of(0xff, 0xfe, 0x41),
    });
    expect(diagnostics).toMatchObject([{ code: 'not-utf8', file: 'bottles/x.yaml' }]);
  });

  test('more than 10,000 files are refused, 10,000 are not', () => {
    const many = (count: number) =>
      new Map([
        ...treeFiles(VALID),
        ...Array.from({ length: count - 3 }, (_, index): [string, TreeFile] => [
          `prompts/${index}.md`,
          { mode: '100644', bytes: new Uint8Array() },
        ]),
      ]);
    expect(loadDesiredState(many(10_000), HOST, { nowMs: NOW_MS }).diagnostics).toEqual([]);
    const { desired, diagnostics } = loadDesiredState(many(10_001), HOST, { nowMs: NOW_MS });
    expect(diagnostics).toMatchObject([{ code: 'too-many-files', severity: 'error' }]);
    expect(desired).toBeNull();
  });

  test('a tree without fleet.yaml says what to write', () => {
    const { diagnostics } = loadDesiredState(new Map(), HOST, { nowMs: NOW_MS });
    expect(diagnostics).toMatchObject([
      { code: 'missing-file', file: 'fleet.yaml', severity: 'error' },
    ]);
  });
});

const SEEN_ABOVE = new Set<DiagnosticCode>([
  ...CASES.map(({ code }) => code),
  ...(['symlink', 'not-utf8', 'too-many-files'] as const),
  // Of the host's own files: see test/controller.
  'file-permissions',
]);

test('no code is without a test', () => {
  expect(DIAGNOSTIC_CODES.filter((code) => !SEEN_ABOVE.has(code))).toEqual([]);
});

test('every code is explained in the reference', () => {
  const page = readFileSync(
    new URL('../../docs/reference/diagnostics.md', import.meta.url),
    'utf8',
  );
  expect(DIAGNOSTIC_CODES.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
});
