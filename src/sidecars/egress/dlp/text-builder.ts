import { SLICE, type Sliced } from './sliced.ts';

/** Puts a text together from stretches of another and from single characters, with room for as many as are said. */
export class TextBuilder {
  readonly #units: Uint16Array;
  #length = 0;

  constructor(mostUnits: number) {
    this.#units = new Uint16Array(mostUnits);
  }

  get length(): number {
    return this.#length;
  }

  /** One UTF-16 unit. */
  push(unit: number): void {
    this.#units[this.#length] = unit;
    this.#length += 1;
  }

  /** Takes back what came after `length`. */
  cut(length: number): void {
    this.#length = length;
  }

  append(text: string, start = 0, end = text.length): void {
    let at = this.#length;
    for (let index = start; index < end; index += 1) {
      this.#units[at] = text.charCodeAt(index);
      at += 1;
    }
    this.#length = at;
  }

  /** Takes no more memory than a text has to: a byte for each character where that is enough. */
  *text(): Sliced<string> {
    const units = this.#units.subarray(0, this.#length);
    const bytes = Buffer.allocUnsafe(units.length);
    for (let index = 0; index < units.length; index += 1) {
      const unit = units[index] ?? 0;
      if (unit > 0xff) {
        return Buffer.from(units.buffer, 0, 2 * units.length).toString('utf16le');
      }
      bytes[index] = unit;
      if (index % SLICE === 0) yield;
    }
    return bytes.toString('latin1');
  }
}
