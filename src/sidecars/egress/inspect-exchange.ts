import type { EgressDenial } from './decide.ts';
import type { AgentExchange } from './exchange.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import type { HeldShare } from './held-bytes.ts';
import { CHUNKED } from './http1/body-framing.ts';
import type { ExchangeInspection, OutboundHead, Verdict } from './inspection.ts';
import type { Answer, CollectedBody, FilteredAnswer } from './relay.ts';

export type InspectedRequest =
  | { readonly kind: 'pass'; readonly head: OutboundHead; readonly body: CollectedBody | null }
  | EgressDenial;

/**
 * Asks about a request before any of it is sent. The body is collected first: while it is, the connection is read, so
 * that a client that goes away is noticed also while an operator thinks.
 */
export async function inspectRequest(
  exchange: AgentExchange,
  inspection: ExchangeInspection,
  head: OutboundHead,
  signal: AbortSignal,
  share: HeldShare,
): Promise<InspectedRequest> {
  const { maxBodyBytes } = inspection;
  let body: CollectedBody | null = null;
  if (exchange.framing.kind !== 'none' && maxBodyBytes !== null) {
    if (exchange.expectsContinue) exchange.inform(100, []);
    const collected = await collect(exchange, maxBodyBytes, share);
    if (collected === 'too-long') return tooLarge(maxBodyBytes);
    if (collected === 'no-room') return NO_ROOM;
    body = collected;
  }
  const plain = { ...head, headers: withoutEncodings(head.headers) };
  const judgedHead = await inspection.outbound(plain, signal);
  if (judgedHead.kind === 'block') return denied(judgedHead);
  const sent = judgedHead.kind === 'replace' ? judgedHead.with : plain;
  if (body === null) return { kind: 'pass', head: sent, body };
  const judgedBody = await inspection.outboundBody(body, sent, signal);
  if (judgedBody.kind === 'block') return denied(judgedBody);
  const sentBody = judgedBody.kind === 'replace' ? { bytes: judgedBody.with, trailers: [] } : body;
  return { kind: 'pass', head: sent, body: sentBody };
}

/** Asks about the head of an answer, and takes the filter for its body. What is thrown blocks it. */
export function inspectAnswer(
  inspection: ExchangeInspection,
  answer: Answer,
): { readonly kind: 'pass'; readonly answer: FilteredAnswer } | EgressDenial {
  const { status, headers, framing } = answer;
  try {
    const judged = inspection.inbound({ status, headers });
    if (judged.kind === 'block') return denied(judged);
    const filter = framing.kind === 'none' ? null : (judged.body ?? null);
    const head = judged.kind === 'replace' ? judged.with : { status, headers };
    if (filter === null) return { kind: 'pass', answer: { ...head, framing, filter } };
    const kept = head.headers.filter(
      (_, at) => (head.headers[at - (at % 2)] ?? '').toLowerCase() !== 'content-length',
    );
    return {
      kind: 'pass',
      answer: { status: head.status, headers: kept, framing: CHUNKED, filter },
    };
  } catch {
    return denied({
      kind: 'block',
      detector: 'inspection',
      reason: 'the answer could not be looked at, so it is not passed on',
      try: 'retry, or tell the operator',
    });
  }
}

/** The whole body, or why it cannot be had. */
function collect(
  exchange: AgentExchange,
  maxBytes: number,
  share: HeldShare,
): Promise<CollectedBody | 'too-long' | 'no-room'> {
  const { framing } = exchange;
  if (framing.kind === 'length' && framing.length > maxBytes) {
    return Promise.resolve('too-long');
  }
  const gathered = new GatheredBytes();
  let isOver = false;
  return new Promise((resolve) => {
    exchange.readBody({
      write: (chunk) => {
        if (isOver) return true;
        const isTooLong = gathered.length + chunk.length > maxBytes;
        isOver = isTooLong || !share.take(chunk.length);
        if (isOver) {
          gathered.take();
          resolve(isTooLong ? 'too-long' : 'no-room');
        } else gathered.add(chunk);
        return true;
      },
      end: (trailers) => resolve({ bytes: gathered.take(), trailers }),
    });
  });
}

/** An answer can only be read by who knows its encoding; a WebSocket's messages too. */
function withoutEncodings(headers: readonly string[]): readonly string[] {
  const kept = headers.filter((_, at) => {
    const name = (headers[at - (at % 2)] ?? '').toLowerCase();
    return name !== 'accept-encoding' && name !== 'sec-websocket-extensions';
  });
  return [...kept, 'accept-encoding', 'identity'];
}

const NO_ROOM: EgressDenial = {
  kind: 'deny',
  status: 503,
  reason: 'too much of other requests is being looked at',
  try: 'retry in a moment, with fewer uploads at a time',
};

function tooLarge(maxBytes: number): EgressDenial {
  return denied({
    kind: 'block',
    detector: 'size',
    reason: `the body is longer than the ${maxBytes} bytes that can be looked at`,
    try: 'send it in smaller parts',
  });
}

function denied(verdict: Verdict<never> & { readonly kind: 'block' }): EgressDenial {
  const { detector, try: hint } = verdict;
  const reason = `${verdict.reason} (${detector})`;
  // What was found may stand in the path.
  return { kind: 'deny', status: 403, reason, try: hint, hidesTarget: true };
}
