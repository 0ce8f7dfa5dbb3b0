import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { RouteDlp } from '../../../model/egress-route.ts';
import { compressedParts } from './compressed-parts.ts';
import { decodedRuns } from './encoded-runs.ts';
import { findEntropy } from './entropy.ts';
import type { Finding } from './finding.ts';
import { joinedValues } from './joined-values.ts';
import type { KnownSecretScan, KnownSecrets } from './known-secrets.ts';
import { type Layer, layerOf, normalised, readableParts } from './normalise.ts';
import { inSlices, type Sliced } from './sliced.ts';
import { findTokens } from './token-patterns.ts';

/** How many encodings deep it looks: two on top of one another, and a value that is dealt out. */
const DEPTH = 3;
/** Characters that are looked at for one text with all that is decoded from it; past it the text is refused. */
const MOST_SCANNED = 96 * 1024 * 1024;
/** What all compressed parts of a text may expand to. */
const MOST_EXPANDED = 16 * 1024 * 1024;
/** After this time others get their turn. */
const TURN_MS = 5;

/**
 * Looks at a text and at what it stands for: escapes undone, values joined, base64, hexadecimal and gzip decoded, each
 * of them again. Findings in what was decoded have no range. It ends at the first decoded finding, and it fails closed:
 * what takes more than the limits to look into is a finding. Long texts are read in slices, and others have their turn
 * in between.
 */
export class Scanner {
  readonly #secrets: KnownSecrets;

  constructor(secrets: KnownSecrets) {
    this.#secrets = secrets;
  }

  /** Throws when `signal` aborts. */
  async scan(
    sent: Layer,
    outbound: RouteDlp['outbound'],
    signal: AbortSignal,
  ): Promise<readonly Finding[]> {
    return new Scan(this.#secrets, outbound, signal).look(sent);
  }
}

/** One text and all that is decoded from it. */
class Scan {
  readonly #secrets: KnownSecrets;
  readonly #outbound: RouteDlp['outbound'];
  readonly #signal: AbortSignal;
  readonly #findings: Finding[] = [];
  readonly #seen = new Set<string>();
  #scanned = 0;
  #turnSinceMs = performance.now();

  constructor(secrets: KnownSecrets, outbound: RouteDlp['outbound'], signal: AbortSignal) {
    this.#secrets = secrets;
    this.#outbound = outbound;
    this.#signal = signal;
  }

  /** Layer after layer: what is less deep is looked at first. */
  async look(sent: Layer): Promise<readonly Finding[]> {
    this.#signal.throwIfAborted();
    let layers: Layer[] = [];
    await this.#add(sent, layers);
    for (let depth = 0; depth <= DEPTH && layers.length > 0; depth += 1) {
      const below: Layer[] = [];
      for (let layer = layers.pop(); layer !== undefined; layer = layers.pop()) {
        await this.#lookAt(layer, depth, below);
        if (this.#findings.some(isBlocking)) return this.#findings;
      }
      layers = below.reverse();
    }
    return this.#findings;
  }

  /** Looks at one layer, and puts those below it to the others. */
  async #lookAt(layer: Layer, depth: number, below: Layer[]): Promise<void> {
    const { text } = layer;
    const known = await this.#run(this.#secrets.scan(text));
    const readable = await this.#run(readableParts(layer));
    const found: Finding[] = [];
    if (this.#outbound.includes('known_secrets')) found.push(...known.findings);
    if (this.#outbound.includes('token_patterns')) {
      for (const each of await this.#run(findTokens(readable))) found.push(each);
    }
    if (this.#outbound.includes('entropy') && depth === 0) {
      found.push(...(await this.#run(findEntropy(text))));
    }
    for (const each of found) {
      this.#findings.push(depth === 0 ? each : { ...each, range: null });
    }
    const isOver = depth > 0 && found.some(isBlocking);
    if (depth < DEPTH && !isOver) await this.#decode(layer, readable, known, below);
  }

  async #decode(
    { text }: Layer,
    readable: string,
    known: KnownSecretScan,
    below: Layer[],
  ): Promise<void> {
    for await (const each of normalised(readable, this.#run)) {
      await this.#add({ text: each, isBytes: false }, below);
    }
    const joined = await this.#run(joinedValues(readable));
    if (joined !== null) await this.#add({ text: joined, isBytes: false }, below);
    const compressed = await compressedParts(text, known.compressed, MOST_EXPANDED, this.#run);
    if (compressed.kind === 'refused') this.#refuse('compressed');
    else for (const part of compressed.parts) await this.#add(layerOf(part), below);
    for (const decode of await this.#run(decodedRuns(readable))) {
      await this.#add(layerOf(await this.#run(decode())), below);
    }
  }

  /** Each text once, and all of them together no more than can be looked at. */
  async #add(layer: Layer, below: Layer[]): Promise<void> {
    const { text, isBytes } = layer;
    const kind = isBytes ? 'bytes' : 'text';
    // Neither a text that is a digest nor one that is made of the same characters is the same.
    const key =
      text.length < LONG_TEXT
        ? `${kind} ${text}`
        : `digest of ${kind} ${await this.#run(digestOf(text))}`;
    if (this.#scanned > MOST_SCANNED || this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#scanned += text.length;
    if (this.#scanned > MOST_SCANNED) this.#refuse('too-deep');
    else below.push(layer);
  }

  #refuse(rule: string): void {
    this.#findings.push({ detector: 'undecodable', rule, range: null });
  }

  readonly #run = async <Result>(work: Sliced<Result>): Promise<Result> => {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (performance.now() - this.#turnSinceMs < TURN_MS) continue;
      await setImmediate();
      this.#signal.throwIfAborted();
      this.#turnSinceMs = performance.now();
    }
  };
}

/** Longer ones are told from one another by what they hash to. */
const LONG_TEXT = 64 * 1024;

function* digestOf(text: string): Sliced<string> {
  const digest = createHash('blake2b512');
  yield* inSlices(text, (from, to) => digest.update(text.slice(from, to), 'utf16le'));
  return digest.digest('base64');
}

/** Everything but a hint. */
export function isBlocking({ detector }: Finding): boolean {
  return detector !== 'entropy';
}
