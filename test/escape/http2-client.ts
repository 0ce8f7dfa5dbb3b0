/** In Node, inside a bottle: `open` gives a session of HTTP/2 through egress, `ask` what one stream of it is answered. */
export const HTTP2_CLIENT = `
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
const open = async ({ target, sni = target.replace(/:\\d+$/, '') }) => {
  const socket = net.connect(8080, 'egress');
  socket.on('error', () => undefined);
  socket.write('CONNECT ' + target + ' HTTP/1.1\\r\\nHost: ' + target + '\\r\\n\\r\\n');
  await new Promise((resolve) => socket.once('data', resolve));
  const secure = tls.connect({
    socket, ALPNProtocols: ['h2'], rejectUnauthorized: false, ...(sni === null ? {} : { servername: sni }),
  });
  await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
  return http2.connect('https://' + target, { createConnection: () => secure, strictSingleValueFields: false })
    .on('error', () => undefined);
};
const ask = (session, headers, { pieces, trailers } = {}) => new Promise((resolve) => {
  try {
    const endStream = pieces === undefined && trailers === undefined;
    const stream = session.request(headers, { endStream, waitForTrailers: trailers !== undefined });
    stream.setTimeout(3000, () => resolve('silent'));
    stream.once('response', (answer) => resolve(String(answer[':status'])));
    stream.once('error', () => resolve('reset')).once('close', () => resolve('reset')).resume();
    stream.once('wantTrailers', () => stream.sendTrailers(trailers));
    for (const piece of pieces ?? []) stream.write(Buffer.from(piece, 'latin1'));
    if (!endStream) stream.end();
  } catch (error) { resolve('not sent: ' + error.message); }
});
`;
