import { describe, expect, test } from 'vitest';
import { lookAlikeOf } from '../../src/supervise/look-alike.ts';

const KNOWN = ['api.example.com', 'github.com', 'registry.npmjs.org', '*.foo.io'];

describe('a host looks like a known one', () => {
  test.each([
    ['githud.com', 'github.com'],
    ['gihtub.com', 'github.com'],
    ['github.co', 'github.com'],
    ['g1thub.com', 'github.com'],
    ['gìthub.com', 'github.com'],
    ['xn--gthub-n4a.com', 'github.com'],
    ['xn--githu-8ve.com', 'github.com'],
    ['api.exarnple.com', 'api.example.com'],
    ['api.example.com.evil.test', 'api.example.com'],
    ['github-com.test', 'github.com'],
    ['github.com-login.test', 'github.com'],
    ['registry.npmjs.org.test', 'registry.npmjs.org'],
    ['foo.io.evil.test', '*.foo.io'],
  ])('%s for %s', (host, other) => {
    expect(lookAlikeOf(URL.parse(`http://${host}`)?.hostname ?? '', KNOWN)).toBe(other);
  });

  test.each([
    'github.com',
    'gist.github.com',
    'example.com',
    'api2.example.com',
    'gitea.example',
    'a.foo.io',
  ])('but not %s', (host) => {
    expect(lookAlikeOf(host, KNOWN)).toBeNull();
  });
});
