import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CredentialMask } from '../../../../src/sidecars/egress/dlp/credential-mask.ts';

const SHORT = 'abcdefgh';
const LONG = 'abcdefgh-ijklmnop';
const mask = new CredentialMask({
  short: { version: '1', value: SHORT },
  long: { version: '1', value: LONG },
});

test('of a secret that begins with another one nothing is left', () => {
  expect(mask.text(`<${SHORT}>`)).toBe('<[bb:short]>');
  expect(mask.text(`<${LONG}>`)).not.toContain('ijkl');
  expect(mask.text(`<${SHORT}-ijk>`)).toBe('<[bb:short]-ijk>');
});

test('whatever stands around secrets passes, in pieces as in one', () => {
  const part = fc.constantFrom(SHORT, LONG, 'abcd', 'ijklmnop', '-', ' ', 'é');
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.nat(8)), (parts, sizes) => {
      const bytes = Buffer.from(parts.join(''));
      const stream = mask.stream();
      const pieces: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        pieces.push(stream.write(bytes.subarray(at, at + size)));
        at = Math.min(bytes.length, at + size);
      }
      pieces.push(stream.write(bytes.subarray(at)), stream.end());
      const passed = Buffer.concat(pieces).toString();
      expect(passed).toBe(mask.text(parts.join('')));
      expect(passed).not.toMatch(/abcdefgh/);
      const isHarmless = parts.every((each) => each === ' ' || each === 'é' || each === '-');
      if (isHarmless) expect(passed).toBe(parts.join(''));
    }),
  );
});
