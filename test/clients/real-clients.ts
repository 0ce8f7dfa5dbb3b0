import type { ClientPrograms } from './client-programs.ts';
import { originOf, type Site } from './upstream-site.ts';

/** A real program as an agent uses it: once for what a route allows, once for what none does. */
export interface RealClient {
  readonly kind: 'client';
  readonly name: string;
  readonly site: Site;
  /** A shell script for an address or a package. */
  readonly script: (subject: string) => string;
  readonly allowed: Expected;
  readonly denied: Expected;
}

interface Expected {
  readonly subject: string;
  readonly says: RegExp;
}

/** One that this machine lacks. */
interface Missing {
  readonly kind: 'missing';
  readonly name: string;
}

/** Clients that get an address, then those that install a package. */
export function realClients(found: ClientPrograms): readonly (RealClient | Missing)[] {
  return [
    ...GETTERS,
    found.wget ? WGET : missing('wget'),
    found.requests ? pythonClient('requests') : missing('python requests'),
    found.httpx ? pythonClient('httpx') : missing('python httpx'),
    ...(found.javas.length === 0
      ? [missing('java')]
      : found.javas.map((java) => javaClient(java, found.fetchClass))),
    NPM,
    found.pip ? PIP : missing('pip'),
    found.cargo ? CARGO : missing('cargo'),
    found.go === null ? missing('go') : goClient(found.go),
  ];
}

function missing(name: string): Missing {
  return { kind: 'missing', name };
}

function getter(
  name: string,
  script: (url: string) => string,
  says: { readonly allowed?: RegExp; readonly denied?: RegExp } = {},
): RealClient {
  const { allowed = /hello from \/open\/hello/, denied = /403[\s\S]*egress_denied/ } = says;
  const origin = originOf('api');
  return {
    ...{ kind: 'client', name, site: 'api', script },
    allowed: { subject: `${origin}/open/hello`, says: allowed },
    denied: { subject: `${origin}/closed/hello`, says: denied },
  };
}

function installer(
  site: Site,
  script: (name: string) => string,
  says: { readonly allowed: RegExp; readonly denied: RegExp },
): RealClient {
  return {
    ...{ kind: 'client', name: `installs of ${site}`, site, script },
    allowed: { subject: 'left', says: says.allowed },
    denied: { subject: 'right', says: says.denied },
  };
}

const curl = (more: string) => (url: string) =>
  `curl -sS ${more} -w ' %{http_code} by %{http_version}' ${url}`;
const inNode = (program: string) => (url: string) =>
  `node --input-type=module - ${url} <<'END'\nconst url = process.argv[2];\n${program}\nEND`;
const inPython = (program: string) => (url: string) =>
  `python3 - ${url} <<'END'\nimport sys\nurl = sys.argv[1]\n${program}\nEND`;

const GETTERS: readonly RealClient[] = [
  getter('curl over HTTP/1.1', curl('--http1.1'), {
    allowed: /hello from \/open\/hello.*200 by 1\.1/s,
    denied: /egress_denied.*403 by 1\.1/s,
  }),
  getter('curl over HTTP/2', curl('--http2'), {
    allowed: /hello from \/open\/hello.*200 by 2/s,
    denied: /egress_denied.*403 by 2/s,
  }),
  getter(
    'curl with 8 MB',
    (url) => `head -c 8388608 /dev/zero | ${curl('--data-binary @-')(url)}`,
    {
      allowed: /8388608 bytes taken.*200/s,
      denied: /egress_denied.*403/s,
    },
  ),
  getter(
    'node fetch',
    inNode('const answer = await fetch(url);\nconsole.log(answer.status, await answer.text());'),
  ),
  getter(
    'node https',
    inNode(
      "import { get } from 'node:https';\nget(url, (answer) => { console.log(answer.statusCode); answer.pipe(process.stdout); });",
    ),
  ),
  getter(
    'python urllib',
    inPython(
      [
        'from urllib import error, request',
        'try:',
        '  print(request.urlopen(url).read().decode())',
        'except error.HTTPError as refused:',
        '  print(refused.code, refused.read().decode())',
      ].join('\n'),
    ),
  ),
];

const WGET = getter('wget', (url) => `wget -nv -O - --content-on-error ${url} 2>&1`, {
  denied: /egress_denied.*403/s,
});

function pythonClient(module: string): RealClient {
  return getter(
    `python ${module}`,
    inPython(
      `import ${module}\nanswer = ${module}.get(url)\nprint(answer.status_code, answer.text)`,
    ),
  );
}

function javaClient(java: string, fetchClass: Buffer | null): RealClient {
  const placed = `echo ${fetchClass?.toString('base64')} | base64 -d > /tmp/Fetch.class`;
  return getter(java, (url) => `${placed} && ${java} -cp /tmp Fetch ${url} 2>&1`, {
    allowed: /connection 200 hello from[\s\S]*client 200 hello from/,
    denied: /connection 403 .*egress_denied[\s\S]*client 403 .*egress_denied/,
  });
}

const NPM = installer(
  'npm',
  (name) => `mkdir -p ~/npm && cd ~/npm &&
npm install --registry=${originOf('npm')} --no-audit --no-fund ${name} 2>&1 &&
node -p 'require("${name}")'`,
  { allowed: /left of npm/, denied: /E403/ },
);

const PIP = installer(
  'pypi',
  (name) => `python3 -m pip install --disable-pip-version-check --no-cache-dir \\
  --index-url ${originOf('pypi')}/simple/ --target ~/site ${name} 2>&1 &&
PYTHONPATH=~/site python3 -c 'import ${name}; print(${name}.said)'`,
  { allowed: /left of pip/, denied: /403 Client Error|No matching/ },
);

const CARGO = installer(
  'crates',
  (
    name,
  ) => `mkdir -p ~/rust-${name}/src ~/rust-${name}/.cargo && cd ~/rust-${name} && touch src/lib.rs &&
cat > .cargo/config.toml <<'END'
[registries.own]
index = "sparse+${originOf('crates')}/index/"
END
cat > Cargo.toml <<'END'
[package]
name = "mine"
version = "0.1.0"
edition = "2021"
[dependencies]
${name} = { version = "1", registry = "own" }
END
cargo vendor 2>&1 && cat vendor/${name}/src/lib.rs`,
  { allowed: /left of cargo/, denied: /403/ },
);

function goClient(go: string): RealClient {
  return installer(
    'go',
    (name) => `export GOPATH=~/go GOCACHE=~/go-cache GOFLAGS=-modcacherw GOSUMDB=off
export GOPROXY=${originOf('go')} && cd &&
${go} mod download -x example.test/${name}@v1.0.0 2>&1 &&
cat ~/go/pkg/mod/example.test/${name}@v1.0.0/${name}.go`,
    { allowed: /left of go/, denied: /403 Forbidden/ },
  );
}
