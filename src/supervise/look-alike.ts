import { domainToUnicode } from 'node:url';

/** Letters of other scripts and digits that are read as a Latin letter, after decomposition. */
const CONFUSABLES: { readonly [character: string]: string } = {
  а: 'a',
  в: 'b',
  е: 'e',
  з: '3',
  і: 'l',
  ј: 'j',
  к: 'k',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  с: 'c',
  т: 't',
  у: 'y',
  х: 'x',
  ѕ: 's',
  ԁ: 'd',
  ԛ: 'q',
  ԝ: 'w',
  һ: 'h',
  ɡ: 'g',
  ɑ: 'a',
  ı: 'l',
  ł: 'l',
  ø: 'o',
  đ: 'd',
  α: 'a',
  β: 'b',
  ε: 'e',
  η: 'n',
  ι: 'l',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  ω: 'w',
  γ: 'y',
  '0': 'o',
  '1': 'l',
  i: 'l',
  '5': 's',
};

/** The known host that `host` could be taken for, or null. Both are A-labels; equal names and relatives do not count. */
export function lookAlikeOf(host: string, known: readonly string[]): string | null {
  const name = withoutWildcard(host);
  const others = known.filter((other) => !areRelated(name, withoutWildcard(other)));
  return others.find((other) => looksLike(name, withoutWildcard(other))) ?? null;
}

function withoutWildcard(host: string): string {
  return host.replace(/^\*\./, '');
}

function looksLike(host: string, other: string): boolean {
  // A well-known name at the front of a longer one: `api.example.com.login.test`, `api-example-com.test`.
  const inFront = `${host}.`.startsWith(`${other}.`) || host.startsWith(`${other}-`);
  if (inFront || host.startsWith(other.replaceAll('.', '-'))) return true;
  const [mine, theirs] = [skeleton(host), skeleton(other)];
  return mine === theirs || (theirs.length >= 8 && isOneEditApart(mine, theirs));
}

/** Names of one owner, as far as names tell: the same name, or both below the same domain. */
function areRelated(host: string, other: string): boolean {
  return (
    domainOf(host) === domainOf(other) || host.endsWith(`.${other}`) || other.endsWith(`.${host}`)
  );
}

/** The last two labels, or three where the second is as short as those of `co.uk`. */
function domainOf(host: string): string {
  const labels = host.split('.');
  return labels.slice((labels.at(-2) ?? '').length <= 3 ? -3 : -2).join('.');
}

function skeleton(host: string): string {
  const decomposed = domainToUnicode(host).toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');
  const letters = [...decomposed].map((character) => CONFUSABLES[character] ?? character);
  return letters.join('').replaceAll('rn', 'm').replaceAll('vv', 'w').replaceAll('cl', 'd');
}

/** One character inserted, deleted, changed, or swapped with its neighbour. */
function isOneEditApart(left: string, right: string): boolean {
  if (Math.abs(left.length - right.length) > 1) return false;
  let head = 0;
  while (head < left.length && left[head] === right[head]) head += 1;
  const swapped = left[head] === right[head + 1] && left[head + 1] === right[head];
  return (
    left.slice(head + 1) === right.slice(head + 1) ||
    left.slice(head) === right.slice(head + 1) ||
    left.slice(head + 1) === right.slice(head) ||
    (swapped && left.slice(head + 2) === right.slice(head + 2))
  );
}
