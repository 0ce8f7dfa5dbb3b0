import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { egressRoute } from '../../builders/desired.ts';
import { type EgressHarness, startEgress } from './harness.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const API = 'api.example.test';
const run = promisify(execFile);

let upstream: Upstream;
let egress: EgressHarness;
let folder: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bb-clients-'));
  upstream = await startUpstream([API], {
    handler: (request, response) => {
      if (request.url?.startsWith('/repo.git/info/refs') === true) {
        response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
        response.end(ADVERTISEMENT);
        return;
      }
      response.end('hello from upstream');
    },
  });
  egress = await startEgress({
    routes: [
      egressRoute(API, {
        ports: [upstream.port],
        git: { fetch: true },
        matches: [
          {
            paths: [
              { kind: 'prefix', value: '/v1/' },
              { kind: 'prefix', value: '/repo.git' },
            ],
            methods: [],
            headers: [],
          },
        ],
      }),
    ],
    upstream: upstream.settings,
  });
  const proxy = `http://127.0.0.1:${egress.port}`;
  environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    NO_PROXY: '',
    no_proxy: '',
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: egress.caFile,
    SSL_CERT_FILE: egress.caFile,
    CURL_CA_BUNDLE: egress.caFile,
    GIT_SSL_CAINFO: egress.caFile,
    GIT_TERMINAL_PROMPT: '0',
    GOFLAGS: '-mod=mod',
    GOCACHE: process.env['GOCACHE'] ?? join(process.env['HOME'] ?? folder, '.cache/go-build'),
  };
});

afterAll(async () => {
  await egress?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** An empty repository, as `git-upload-pack` advertises it. */
const ADVERTISEMENT = [
  '001e# service=git-upload-pack\n0000',
  '0045',
  `${'0'.repeat(40)} capabilities^{}\0agent=git/test\n`,
  '0000',
]
  .join('')
  .replace(
    '0045',
    (4 + 40 + 1 + 'capabilities^{}\0agent=git/test\n'.length).toString(16).padStart(4, '0'),
  );

const PYTHON = `
import ssl, sys, urllib.request
context = ssl.create_default_context()
context.verify_flags |= ssl.VERIFY_X509_STRICT
try:
    print(urllib.request.build_opener(urllib.request.ProxyHandler(), urllib.request.HTTPSHandler(context=context)).open(sys.argv[1]).read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
`;

const NODE = `
const answer = await fetch(process.argv[1]);
console.log(answer.ok ? '' : answer.status, await answer.text());
`;

const GO = `package main
import ("fmt"; "io"; "net/http"; "os")
func main() {
  answer, err := http.Get(os.Args[1])
  if err != nil { fmt.Println(err); os.Exit(1) }
  body, _ := io.ReadAll(answer.Body)
  if answer.StatusCode != 200 { fmt.Println(answer.StatusCode) }
  fmt.Println(string(body))
}
`;

const clients: readonly (readonly [
  string,
  (url: string) => Promise<readonly [string, readonly string[]]>,
])[] = [
  ['curl', async (url) => ['curl', ['-sS', '-w', ' %{http_code}', url]]],
  ['python with strict verification', async (url) => ['python3', ['-c', PYTHON, url]]],
  ['node', async (url) => [process.execPath, ['--input-type=module', '-e', NODE, url]]],
  [
    'go',
    async (url) => {
      const file = join(folder, 'main.go');
      writeFileSync(file, GO);
      return ['go', ['run', file, url]];
    },
  ],
];

for (const [name, commandFor] of clients) {
  test(`${name} trusts the bottle’s authority and reads what is allowed and what is refused`, {
    timeout: 120_000,
  }, async () => {
    const read = async (path: string) => {
      const [file, argv] = await commandFor(`https://${API}:${upstream.port}${path}`);
      const { stdout } = await run(file, [...argv], { env: environment });
      return stdout;
    };
    expect(await read('/v1/hello')).toContain('hello from upstream');
    const refused = await read('/v2/hello');
    expect(refused).toContain('egress_denied');
    expect(refused).toContain('403');
  });
}

test('git fetches over HTTPS where the route says so, and is refused elsewhere', async () => {
  const list = (path: string) =>
    run('git', ['ls-remote', `https://${API}:${upstream.port}${path}`], { env: environment });
  expect(await list('/repo.git')).toMatchObject({ stdout: '' });
  await expect(list('/other.git')).rejects.toThrow('403');
});

test('openssl verifies the chain in strict mode', async () => {
  const { stdout } = await run(
    'sh',
    [
      '-c',
      `openssl s_client -proxy 127.0.0.1:${egress.port} -connect ${API}:${upstream.port} -servername ${API} \
        -verify_hostname ${API} -CAfile "$CURL_CA_BUNDLE" -x509_strict -verify_return_error </dev/null 2>&1`,
    ],
    { env: environment },
  );
  expect(stdout).toContain('Verify return code: 0 (ok)');
});
