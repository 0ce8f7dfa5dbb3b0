import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderPipelockConfig } from '../../src/reconcilers/pipelock/render-config.ts';
import { allowlistEntry, egressRoute } from '../builders/desired.ts';

const NOTHING = {
  routes: [],
  allowlist: [],
  upstream: { hosts: {}, trustedCaPem: [] },
  extra: {},
};

test('the hosts of routes and allowlists, each once, are all that it lets through', () => {
  const text = renderPipelockConfig({
    ...NOTHING,
    routes: [egressRoute('api.example.test'), egressRoute('*.mirror.example.org')],
    allowlist: [allowlistEntry('b.example.test'), allowlistEntry('api.example.test')],
  });
  expect(text).toBe(`api_allowlist:
  - "*.mirror.example.org"
  - api.example.test
  - b.example.test
dlp:
  scan_env: false
enforce: true
explain_blocks: false
fetch_proxy:
  monitoring:
    entropy_threshold: 100
    max_requests_per_minute: 1000000000
    max_url_length: 16384
    subdomain_entropy_threshold: 100
  timeout_seconds: 600
forward_proxy:
  enabled: true
  idle_timeout_seconds: 3600
  max_tunnel_seconds: 86400
  sni_verification: true
logging:
  format: json
  include_allowed: false
  include_blocked: true
  output: stdout
mode: strict
request_body_scanning:
  action: block
  enabled: true
ssrf:
  ip_allowlist: []
tls_interception:
  enabled: false
trusted_domains: []
version: 1
`);
});

test('a bottle without hosts gets a name that nobody has, since strict mode wants one', () => {
  expect(parse(renderPipelockConfig(NOTHING))['api_allowlist']).toEqual(['nobody.invalid']);
});

test('private addresses are trusted as far as a route or the host declares them', () => {
  const config = parse(
    renderPipelockConfig({
      ...NOTHING,
      routes: [
        egressRoute('gitea.example.test', { addresses: ['10.1.0.0/16'] }),
        egressRoute('api.example.test'),
      ],
      upstream: {
        hosts: { 'llm.example.test': ['10.2.0.1', 'fd00::1'] },
        trustedCaPem: [],
      },
    }),
  );
  expect(config['trusted_domains']).toEqual(['gitea.example.test', 'llm.example.test']);
  expect(config['ssrf'].ip_allowlist).toEqual(['10.1.0.0/16', '10.2.0.1/32', 'fd00::1/128']);
});

test('fields of an operator are kept beside and over defaults, never over what makes it a gate', () => {
  const config = parse(
    renderPipelockConfig({
      ...NOTHING,
      extra: {
        emit: { syslog: { address: 'udp://192.0.2.1:514' } },
        fetch_proxy: { monitoring: { entropy_threshold: 4.5 } },
        mode: 'audit',
        forward_proxy: { enabled: false, max_tunnel_seconds: 60 },
        api_allowlist: ['*'],
      },
    }),
  );
  expect(config).toMatchObject({
    emit: { syslog: { address: 'udp://192.0.2.1:514' } },
    fetch_proxy: { timeout_seconds: 600, monitoring: { entropy_threshold: 4.5 } },
    mode: 'strict',
    forward_proxy: { enabled: true, max_tunnel_seconds: 60 },
    api_allowlist: ['nobody.invalid'],
  });
});

test('the order in which things were written changes nothing', () => {
  const [a, b] = [egressRoute('a.example.test'), egressRoute('b.example.test')];
  const one = renderPipelockConfig({
    ...NOTHING,
    routes: [a, b],
    extra: { taint: {}, airlock: {} },
  });
  const two = renderPipelockConfig({
    ...NOTHING,
    routes: [b, a],
    extra: { airlock: {}, taint: {} },
  });
  expect(one).toBe(two);
});
