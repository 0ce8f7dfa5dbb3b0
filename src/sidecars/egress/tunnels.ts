import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Authority, formatAuthority, parseAuthority, parseRequestHost } from './authority.ts';
import type { EgressDenial } from './decide.ts';
import { denialText } from './denial-response.ts';
import type { LeafCertificates } from './leaf-certificates.ts';
import type { TunnelIdentity } from './read-request.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TunnelsOptions {
  readonly leaves: LeafCertificates;
  readonly now: () => number;
  /** Whether some rule speaks for this port, so that it is worth a certificate. */
  readonly isDeclared: (authority: Authority) => boolean;
  /** Takes the decrypted connection; requests on it are then found by `identityOf`. */
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onDenied: (denial: EgressDenial, target: string) => void;
  /** The client broke off: most often one that does not trust the bottle's authority. */
  readonly onUntrusted: (target: string, cause: string) => void;
}

/**
 * CONNECT, ended here: the proxy answers it, speaks TLS as the named host, and reads the requests inside. Hosts that
 * nothing allows are let in as far as that, because a client shows its user the answer to a request, but not to CONNECT.
 */
export class Tunnels {
  readonly #options: TunnelsOptions;
  readonly #authorities = new WeakMap<Socket, Authority>();

  constructor(options: TunnelsOptions) {
    this.#options = options;
  }

  identityOf(socket: Socket): TunnelIdentity | null {
    const authority = this.#authorities.get(socket);
    if (authority === undefined) return null;
    const { servername } = socket as TLSSocket & { readonly servername?: string | false };
    return { authority, serverName: servername ? servername.toLowerCase() : null };
  }

  open(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const target = request.url ?? '';
    const authority = parseAuthority(target, Number.NaN);
    const denial = this.#refusal(request, authority);
    if (denial !== null || authority === null || Number.isNaN(authority.port)) {
      this.#refuse(socket, denial ?? refused(400, 'CONNECT needs host:port'), target);
      return;
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    this.#secure(socket, authority);
  }

  #refusal(request: IncomingMessage, authority: Authority | null): EgressDenial | null {
    if (this.#authorities.has(request.socket)) {
      return refused(400, 'CONNECT inside a tunnel is never answered');
    }
    if (authority === null) {
      return refused(
        403,
        'the host is not a plain name, or an address in a form that has two readings',
      );
    }
    const { host } = request.headers;
    const claimed = host === undefined ? authority : parseAuthority(host, authority.port);
    if (claimed?.host !== authority.host || claimed.port !== authority.port) {
      return refused(421, 'CONNECT target and Host do not name the same authority');
    }
    if (authority.port !== 443 && !this.#options.isDeclared(authority)) {
      return refused(403, `no rule declares ${formatAuthority(authority, 443)}`);
    }
    return null;
  }

  #secure(socket: Socket, authority: Authority): void {
    const { leaves, now } = this.#options;
    const context = leaves.contextFor(authority.host, now());
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (serverName, answer) => {
        // Another name than the tunnel's gets its own certificate, so that the client can read the 421.
        const name = parseRequestHost(serverName) ?? authority.host;
        answer(null, name === authority.host ? context : leaves.contextFor(name, now()));
      },
    });
    this.#authorities.set(secure, authority);
    const timeout = setTimeout(() => secure.destroy(), HANDSHAKE_TIMEOUT_MS);
    let isSecure = false;
    secure.on('error', (error) => {
      if (!isSecure) this.#options.onUntrusted(formatAuthority(authority, 443), error.message);
      secure.destroy();
    });
    secure.once('close', () => {
      clearTimeout(timeout);
      socket.destroy();
    });
    secure.once('secure', () => {
      isSecure = true;
      clearTimeout(timeout);
      this.#options.onSecure(secure);
    });
  }

  #refuse(socket: Socket, denial: EgressDenial, target: string): void {
    this.#options.onDenied(denial, target);
    socket.end(denialText(denial, { host: target, path: '', method: 'CONNECT' }));
  }
}

function refused(status: EgressDenial['status'], reason: string): EgressDenial {
  return {
    kind: 'deny',
    status,
    reason,
    try: 'call the supervise tool list-egress-routes to see what is allowed',
  };
}
