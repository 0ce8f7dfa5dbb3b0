import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Authority, formatAuthority, parseAuthority, parseRequestHost } from './authority.ts';
import type { EgressDenial } from './decide.ts';
import { denialText } from './denial-response.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { LeafCertificates } from './leaf-certificates.ts';
import type { Limits } from './limits.ts';
import type { TunnelIdentity } from './read-request.ts';

export interface TunnelsOptions {
  readonly leaves: LeafCertificates;
  readonly limits: Limits;
  readonly now: () => number;
  /** Whether some rule speaks for this port, so that it is worth a certificate. */
  readonly isDeclared: (authority: Authority) => boolean;
  /** Takes the decrypted connection. */
  readonly onSecure: (socket: TLSSocket, tunnel: TunnelIdentity) => void;
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
  #open = 0;

  constructor(options: TunnelsOptions) {
    this.#options = options;
  }

  open(head: RequestHead, socket: Socket, rest: Buffer, isInside: boolean): void {
    const authority = parseAuthority(head.target, Number.NaN);
    const denial = this.#refusal(head, authority, isInside);
    if (denial !== null || authority === null || Number.isNaN(authority.port)) {
      this.#refuse(socket, denial ?? refused(400, 'CONNECT needs host:port'), head.target);
      return;
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (rest.length > 0) socket.unshift(rest);
    this.#secure(socket, authority);
  }

  #refusal(head: RequestHead, authority: Authority | null, isInside: boolean): EgressDenial | null {
    if (isInside) return refused(400, 'CONNECT inside a tunnel is never answered');
    if (head.framing.kind !== 'none') return refused(400, 'CONNECT has no body');
    if (authority === null) {
      return refused(
        403,
        'the host is not a plain name, or an address in a form that has two readings',
      );
    }
    const hosts = head.headers.filter((_, at) => at % 2 === 1 && isHost(head.headers[at - 1]));
    const agree = hosts.every((host) => {
      const claimed = parseAuthority(host, authority.port);
      return claimed?.host === authority.host && claimed.port === authority.port;
    });
    if (!agree) return refused(421, 'CONNECT target and Host do not name the same authority');
    if (authority.port !== 443 && !this.#options.isDeclared(authority)) {
      return refused(403, `no rule declares ${formatAuthority(authority, 443)}`);
    }
    const { tunnels } = this.#options.limits;
    return this.#open < tunnels ? null : refused(503, `${tunnels} tunnels are open already`);
  }

  #secure(socket: Socket, authority: Authority): void {
    const { leaves, limits, now } = this.#options;
    const context = leaves.contextFor(authority.host, now());
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: ['h2', 'http/1.1'],
      SNICallback: (serverName, answer) => {
        // Another name than the tunnel's gets its own certificate, so that the client can read the 421.
        const name = parseRequestHost(serverName) ?? authority.host;
        answer(null, name === authority.host ? context : leaves.contextFor(name, now()));
      },
    });
    this.#open += 1;
    const timeout = setTimeout(() => secure.destroy(), limits.headMs);
    let isSecure = false;
    secure.on('error', (error) => {
      if (!isSecure) this.#options.onUntrusted(formatAuthority(authority, 443), error.message);
      secure.destroy();
    });
    secure.once('close', () => {
      this.#open -= 1;
      clearTimeout(timeout);
      socket.destroy();
    });
    secure.once('secure', () => {
      isSecure = true;
      // Node says so itself only for sockets of its own servers, and HTTP/2 waits for it.
      Object.assign(secure, { secureConnecting: false });
      clearTimeout(timeout);
      const { servername } = secure as TLSSocket & { readonly servername?: string | false };
      const serverName = servername ? servername.toLowerCase() : null;
      this.#options.onSecure(secure, { authority, serverName });
    });
  }

  #refuse(socket: Socket, denial: EgressDenial, target: string): void {
    this.#options.onDenied(denial, target);
    socket.end(denialText(denial, { host: target, path: '', method: 'CONNECT' }));
    socket.setTimeout(1000, () => socket.destroy());
  }
}

function isHost(name: string | undefined): boolean {
  return name?.toLowerCase() === 'host';
}

function refused(status: EgressDenial['status'], reason: string): EgressDenial {
  return {
    kind: 'deny',
    status,
    reason,
    try: 'call the supervise tool list-egress-routes to see what is allowed',
  };
}
