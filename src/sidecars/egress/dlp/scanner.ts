import { setImmediate } from 'node:timers/promises';
import type { RouteDlp } from '../../../model/egress-route.ts';
import { compressedParts } from './compressed-parts.ts';
import { decodedRuns } from './encoded-runs.ts';
import { findEntropy } from './entropy.ts';
import type { Finding } from './finding.ts';
import { joinedValues } from './joined-values.ts';
import type { KnownSecrets } from './known-secrets.ts';
import { type Layer, layerOf, normalised, readableParts } from './normalise.ts';
import { findTokens } from './token-patterns.ts';

/** How many encodings deep it looks: two on top of one another, and a value that is dealt out. */
const DEPTH = 3;
/** Characters that are looked at for one text with all that is decoded from it; past it the text is refused. */
const MOST_SCANNED = 96 * 1024 * 1024;
/** What all compressed parts of a text may expand to. */
const MOST_EXPANDED = 16 * 1024 * 1024;
/** After this many characters others get their turn. */
const TURN = 512 * 1024;

interface Pass {
  readonly outbound: RouteDlp['outbound'];
  readonly signal: AbortSignal;
  readonly findings: Finding[];
  scanned: number;
  sinceTurn: number;
}

/**
 * Looks at a text and at what it stands for: escapes undone, values joined, base64, hexadecimal and gzip decoded, each
 * of them again. Findings in what was decoded have no range. It ends at the first decoded finding, and it fails closed:
 * what takes more than the limits to look into is a finding.
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
    const pass: Pass = { outbound, signal, findings: [], scanned: 0, sinceTurn: 0 };
    const seen = new Set<string>();
    let layers: readonly Layer[] = [sent];
    for (let depth = 0; depth <= DEPTH; depth += 1) {
      const below: Layer[] = [];
      for (const layer of layers) {
        if (seen.has(layer.text)) continue;
        seen.add(layer.text);
        below.push(...(await this.#look(layer, depth, pass)));
        if (depth > 0 && pass.findings.some(isBlocking)) return pass.findings;
      }
      if (pass.findings.some(isBlocking)) return pass.findings;
      layers = below;
    }
    return pass.findings;
  }

  /** Looks at one layer; gives those below it. */
  async #look(layer: Layer, depth: number, pass: Pass): Promise<readonly Layer[]> {
    const { text } = layer;
    await takeTurns(text.length, pass);
    if (pass.scanned > MOST_SCANNED) return refuse('too-deep', pass);
    const { outbound } = pass;
    const known = this.#secrets.scan(text);
    const readable = readableParts(layer);
    const found = [
      ...(outbound.includes('known_secrets') ? known.findings : []),
      ...(outbound.includes('token_patterns') ? findTokens(readable) : []),
      ...(outbound.includes('entropy') && depth === 0 ? findEntropy(text) : []),
    ];
    pass.findings.push(...(depth === 0 ? found : found.map((each) => ({ ...each, range: null }))));
    if (depth === DEPTH) return [];
    const compressed = compressedParts(text, known.compressed, MOST_EXPANDED);
    if (compressed.kind === 'refused') return refuse('compressed', pass);
    const joined = joinedValues(readable);
    const texts = [...normalised(readable), ...(joined === null ? [] : [joined])];
    return [
      ...texts.map((each) => ({ text: each, isBytes: false })),
      ...[...compressed.parts, ...decodedRuns(readable)].map(layerOf),
    ];
  }
}

function refuse(rule: string, pass: Pass): readonly Layer[] {
  pass.findings.push({ detector: 'undecodable', rule, range: null });
  return [];
}

/** Everything but a hint. */
export function isBlocking({ detector }: Finding): boolean {
  return detector !== 'entropy';
}

async function takeTurns(length: number, pass: Pass): Promise<void> {
  pass.signal.throwIfAborted();
  pass.scanned += length;
  pass.sinceTurn += length;
  if (pass.sinceTurn < TURN) return;
  pass.sinceTurn = 0;
  await setImmediate();
  pass.signal.throwIfAborted();
}
