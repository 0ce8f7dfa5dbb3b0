import { expect, test } from 'vitest';
import {
  type Frame,
  FrameReader,
  frameBytes,
} from '../../../../src/sidecars/egress/websocket/frames.ts';
import { fuzz, piecesOf } from './mutation.ts';

const WORDS = [
  '\x81\x85',
  '\x88\x02\x03\xe8',
  '\x82\xfe\x00\x80',
  '\x82\x7f\0\0\0\0\0\0\0\x05',
  '\xff',
  '\x09\x00',
  '\0\0\0\0',
];

test.for([true, false])(
  'WebSocket frames are read alike in whatever pieces they come; masked: %s',
  (isMasked) => {
    fuzz('websocket', WORDS, (input, cuts) => {
      const whole = read([input], isMasked);
      const piecewise = read(piecesOf(input, cuts), isMasked);
      expect(piecewise.isBroken).toBe(whole.isBroken);
      if (!whole.isBroken) expect(piecewise.frames).toEqual(whole.frames);
      const again = Buffer.concat(piecewise.frames.map((frame) => frameBytes(frame, isMasked)));
      expect(read([again], isMasked)).toEqual({ frames: piecewise.frames, isBroken: false });
    });
  },
);

test('frames that are sent to a server are masked, each with a mask of its own', () => {
  const frame: Frame = { isFinal: true, opcode: 2, payload: Buffer.alloc(16, 0x41) };
  const masks = Array.from({ length: 20 }, () => {
    const bytes = frameBytes(frame, true);
    expect(bytes.includes(frame.payload)).toBe(false);
    expect(new FrameReader(true, 1000).take(bytes)).toEqual([frame]);
    return bytes.subarray(2, 6).toString('hex');
  });
  expect(new Set(masks).size).toBeGreaterThan(15);
  expect(frameBytes(frame, false).includes(frame.payload)).toBe(true);
});

function read(
  pieces: readonly Buffer[],
  isMasked: boolean,
): { readonly frames: readonly Frame[]; readonly isBroken: boolean } {
  const frames: Frame[] = [];
  const reader = new FrameReader(isMasked, 1000);
  try {
    for (const piece of pieces) frames.push(...reader.take(piece));
    return { frames, isBroken: false };
  } catch (error) {
    expect((error as Error).constructor).toBe(Error);
    return { frames, isBroken: true };
  }
}
