import type { Clock, Random } from './clock.ts';
import { type ProposalId, parseProposalId } from './names.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;

/**
 * Gives ids that sort by the time they were made. Within one millisecond, or when the clock steps back, the random
 * part counts up, so that one generator never gives two ids out of order.
 */
export function createUlids(clock: Pick<Clock, 'nowMs'>, random: Random): () => ProposalId {
  let time = -1;
  let tail = 0n;
  return () => {
    const now = Math.trunc(clock.nowMs());
    if (now > time) {
      time = now;
      tail = freshTail(random);
    } else {
      tail += 1n;
    }
    const id = parseProposalId(encode(BigInt(time), TIME_LENGTH) + encode(tail, RANDOM_LENGTH));
    if (id === undefined) throw new Error('the clock is outside the range of ids');
    return id;
  };
}

/** Milliseconds since the epoch that an id was made at. */
export function ulidTimeMs(id: ProposalId): number {
  let time = 0;
  for (const character of id.slice(0, TIME_LENGTH)) {
    time = time * ALPHABET.length + ALPHABET.indexOf(character);
  }
  return time;
}

/** 79 random bits: the highest one stays free, so that counting up never overflows. */
function freshTail(random: Random): bigint {
  const bytes = random.bytes((RANDOM_LENGTH * 5) >> 3);
  return BigInt.asUintN(
    79,
    bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n),
  );
}

function encode(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest >>= 5n) {
    text = (ALPHABET[Number(rest & 31n)] ?? '') + text;
  }
  return text;
}
