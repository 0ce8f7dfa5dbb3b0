import type { RouteDlp } from '../../../model/egress-route.ts';
import type { Log } from '../../json-log.ts';
import type { EgressRequest } from '../decide.ts';
import type {
  ExchangeInspection,
  InboundHead,
  OutboundBody,
  OutboundHead,
  Verdict,
  WebSocketMessage,
} from '../inspection.ts';
import { judgeAnswer } from './answer-filter.ts';
import type { CleanHeads } from './clean-heads.ts';
import { codingsOf, type DecodedBody, decodeBody } from './content-coding.ts';
import type { CredentialMask } from './credential-mask.ts';
import type { Finding } from './finding.ts';
import { headText } from './head-text.ts';
import type { HeldRequests, Surface } from './held-requests.ts';
import { findHostTunnel } from './hostname.ts';
import { type Layer, layerOf } from './normalise.ts';
import { contextOf, redact } from './redact.ts';
import { isBlocking, type Scanner } from './scanner.ts';
import type { Turn, Turns } from './turns.ts';

export interface InspectedExchangeOptions {
  readonly request: EgressRequest;
  /** Host of the rule that let the request pass: a name, or a wildcard. */
  readonly pattern: string;
  readonly dlp: RouteDlp;
  readonly scanner: Scanner;
  readonly mask: CredentialMask;
  /** Of the table that allowed the request. */
  readonly cleanHeads: CleanHeads;
  readonly held: HeldRequests;
  readonly log: Log;
  /** Of all exchanges. */
  readonly turns: Turns;
}

/** Larger bodies of inspected requests are blocked. */
const MOST_BODY_BYTES = 8 * 1024 * 1024;
/** Longer ones are looked at one at a time. */
const SHORT_BYTES = 64 * 1024;

/** A text with how to send another one in its place. */
interface Judged<Sent> {
  readonly surface: Surface;
  readonly layer: Layer;
  readonly rebuild: (text: string) => Sent | null | Promise<Sent | null>;
  readonly turn?: Turn | null;
}

/** One exchange under the DLP settings of its route. */
export class InspectedExchange implements ExchangeInspection {
  readonly maxBodyBytes = MOST_BODY_BYTES;
  readonly #options: InspectedExchangeOptions;

  constructor(options: InspectedExchangeOptions) {
    this.#options = options;
  }

  async outbound(head: OutboundHead, signal: AbortSignal): Promise<Verdict<OutboundHead>> {
    const { request, pattern, dlp, cleanHeads } = this.#options;
    const { host } = request.authority;
    const { text, rebuild } = headText(host, head);
    // What was looked for, and in what: neither a pattern nor a line of a head has a line feed.
    const looked = `${pattern}\n${dlp.outbound.join()}\n${text}`;
    if (cleanHeads.has(looked)) return { kind: 'pass' };
    const inHost = await this.#scan({ text: host, isBytes: false }, signal);
    // A name cannot be sent without it, and must not be shown to anybody.
    const hidden = [...findHostTunnel(host, pattern), ...inHost.filter(isBlocking)];
    if (hidden.length > 0) return this.#block(hidden);
    const layer = { text, isBytes: false };
    const findings = await this.#scan(layer, signal);
    if (inHost.length + findings.length === 0) cleanHeads.add(looked);
    return this.#decide({ surface: 'head', layer, rebuild }, findings, signal);
  }

  async outboundBody(
    body: OutboundBody,
    head: OutboundHead,
    signal: AbortSignal,
  ): Promise<Verdict<Buffer>> {
    const codings = codingsOf(head.headers);
    return this.#inTurn(body.bytes, codings.length > 0, signal, async (turn) => {
      const decoded = await decodeBody(body.bytes, codings);
      signal.throwIfAborted();
      return decoded === null ? UNDECODABLE : this.#judgeBody(body, decoded, turn, signal);
    });
  }

  async #judgeBody(
    body: OutboundBody,
    decoded: DecodedBody,
    turn: Turn | null,
    signal: AbortSignal,
  ): Promise<Verdict<Buffer>> {
    const trailers = { text: body.trailers.join('\n'), isBytes: false };
    const judgedTrailers = await this.#judge(
      { surface: 'body', layer: trailers, rebuild: () => null, turn },
      signal,
    );
    if (judgedTrailers.kind === 'block') return judgedTrailers;
    const layer = layerOf(decoded.bytes);
    return this.#judge(
      { surface: 'body', layer, rebuild: (text) => decoded.encode(bytesOf(text, layer)), turn },
      signal,
    );
  }

  inbound(head: InboundHead): ReturnType<ExchangeInspection['inbound']> {
    const { mask, log, request, pattern } = this.#options;
    const hasBody = request.method !== 'HEAD' && head.status !== 204 && head.status !== 304;
    return judgeAnswer(head, hasBody, mask, (note) => log('answer noted', { note, host: pattern }));
  }

  async message(message: WebSocketMessage, signal: AbortSignal): Promise<Verdict<Buffer>> {
    if (message.direction === 'inbound') return this.#maskMessage(message);
    return this.#inTurn(message.bytes, false, signal, (turn) => {
      const layer = layerOf(message.bytes);
      const rebuild = (text: string): Buffer => bytesOf(text, layer);
      return this.#judge({ surface: 'message', layer, rebuild, turn }, signal);
    });
  }

  async #inTurn<Result>(
    { length }: Buffer,
    isEncoded: boolean,
    signal: AbortSignal,
    deed: (turn: Turn | null) => Promise<Result>,
  ): Promise<Result> {
    if (length <= SHORT_BYTES && !isEncoded) return deed(null);
    const turn = await this.#options.turns.take(signal);
    try {
      return await deed(turn);
    } finally {
      turn.end();
    }
  }

  #maskMessage({ bytes }: WebSocketMessage): Verdict<Buffer> {
    const stream = this.#options.mask.stream();
    const passed = Buffer.concat([stream.write(bytes), stream.end()]);
    if (!stream.hasMasked) return { kind: 'pass' };
    return { kind: 'replace', with: passed, detectors: ['known_secrets'] };
  }

  async #judge<Sent>(judged: Judged<Sent>, signal: AbortSignal): Promise<Verdict<Sent>> {
    return this.#decide(judged, await this.#scan(judged.layer, signal), signal);
  }

  async #decide<Sent>(
    judged: Judged<Sent>,
    findings: readonly Finding[],
    signal: AbortSignal,
  ): Promise<Verdict<Sent>> {
    const { dlp, log, pattern } = this.#options;
    if (findings.some((finding) => !isBlocking(finding))) {
      log('request noted', { note: 'random-text', host: pattern });
    }
    const serious = findings.filter(isBlocking);
    if (serious.length === 0) return { kind: 'pass' };
    switch (dlp.onMatch) {
      case 'block':
        return this.#block(serious);
      case 'redact':
        return this.#redact(judged, serious, signal);
      case 'supervise':
        return this.#hold(judged, serious, signal);
    }
  }

  /** What was overwritten is looked at again: two halves may have stood around what was between them. */
  async #redact<Sent>(
    { layer, rebuild }: Judged<Sent>,
    findings: readonly Finding[],
    signal: AbortSignal,
  ): Promise<Verdict<Sent>> {
    const text = redact(layer.text, findings);
    if (text === null) return this.#block(findings);
    const left = (await this.#scan({ ...layer, text }, signal)).filter(isBlocking);
    if (left.length > 0) return this.#block(left);
    const sent = await rebuild(text);
    if (sent === null) return this.#block(findings);
    const detectors = [...new Set(findings.map(({ detector }) => detector))];
    this.#note('redacted', findings);
    return { kind: 'replace', with: sent, detectors };
  }

  async #hold<Sent>(
    { surface, layer, turn }: Judged<Sent>,
    findings: readonly Finding[],
    signal: AbortSignal,
  ): Promise<Verdict<Sent>> {
    const { request, held } = this.#options;
    this.#note('held', findings);
    // An operator takes his time.
    turn?.end();
    const release = await held.hold(
      {
        method: request.method,
        host: request.authority.host,
        surface,
        findings: findings.map(({ detector, rule }) => ({ detector, rule })),
        context: contextOf(layer.text, findings),
        text: layer.text,
      },
      signal,
    );
    if (release.kind === 'released') return { kind: 'pass' };
    const refused = this.#block(findings);
    return { ...refused, reason: `${refused.reason}; ${release.reason}`, try: release.try };
  }

  #scan(layer: Layer, signal: AbortSignal): Promise<readonly Finding[]> {
    return this.#options.scanner.scan(layer, this.#options.dlp.outbound, signal);
  }

  #block(findings: readonly Finding[]): Verdict<never> & { readonly kind: 'block' } {
    this.#note('blocked', findings);
    const [first] = findings;
    return {
      kind: 'block',
      detector: first?.detector ?? 'undecodable',
      reason: `data loss prevention found ${[...new Set(findings.map(({ rule }) => rule))].join(', ')}`,
      try: 'send the request without it; credentials that a route needs are added by egress',
    };
  }

  #note(reaction: string, findings: readonly Finding[]): void {
    const { log } = this.#options;
    const found = findings.map(({ detector, rule }) => `${detector}:${rule}`);
    // A host that carries data is not written down.
    const host = this.#options.pattern;
    log('secret found', { reaction, host, found: [...new Set(found)].join(' ') });
  }
}

const UNDECODABLE: Verdict<never> = {
  kind: 'block',
  detector: 'undecodable',
  reason: 'the body is not what its content-encoding says, or expands too far to be looked at',
  try: 'send it without content-encoding, or in smaller parts',
};

function bytesOf(text: string, { isBytes }: Layer): Buffer {
  return Buffer.from(text, isBytes ? 'latin1' : 'utf8');
}
