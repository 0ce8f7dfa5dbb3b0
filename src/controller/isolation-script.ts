/** How long an address may take to answer, in seconds: on a bridge of this host it takes less than a millisecond. */
const PATIENCE_S = 0.05;

/** How long a busy machine may take to begin asking, in seconds: what was not asked has not been silent. */
const BEGUN_WITHIN_S = 2;

/** The descriptor under which the script keeps what it is given besides itself: its end says that the sidecars serve. */
const INPUT = 9;

/** Addresses of one network that are tried: all of a /28. */
const MOST_NEIGHBOURS = 14;

/** A question for the address of `bb-probe.example.test`, as `printf` escapes. */
const DNS_QUESTION =
  '\\022\\064\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000\\010bb-probe\\007example\\004test\\000\\000\\001\\000\\001';

/**
 * The same in bash, which is quick to start, and in Node, for images without it. It looks around at once, and for the
 * sidecars when its input ends. Each finding is a line:
 *
 * ```
 * tool found
 * interfaces none | <name>            beside the loopback
 * route4 none | <gateway>             route6 none | <interface>
 * address6 none | <address>%<interface>   beside the loopback's
 * neighbour <address> silent | open | refused
 * forbidden <address>:<port> silent | open | refused
 * dns <server> silent | answers
 *                                     what follows is found when the input has ended
 * egress open | refused | silent
 * ca readable | unreadable            store trusts | lacks
 * end
 * ```
 */
const BASH = `
LC_ALL=C
declare -A pipes=() heard=()
keys= pids=
echo tool found
# Nothing but what waits is a process of its own: on a busy machine each costs as much as an answer.
dotted() { printf -v dotted %d.%d.%d.%d $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)); }
# The kernel prints addresses in the order of its bytes.
swapped() { swapped=$((($1 & 255) << 24 | ($1 >> 8 & 255) << 16 | ($1 >> 16 & 255) << 8 | $1 >> 24 & 255)); }
interfaces=unknown
while read -r name _; do
  case "$name" in
    lo:*) if [ "$interfaces" = unknown ]; then interfaces=none; fi ;;
    *:*) interfaces=\${name%%:*} ;;
  esac
done < /proc/net/dev
echo "interfaces $interfaces"
route4=none
while read -r interface destination gateway _ _ _ _ mask _; do
  if [ "$destination" = 00000000 ] && [ "$mask" = 00000000 ]; then
    swapped $((16#$gateway)) && dotted "$swapped" && route4=$dotted
  fi
done < /proc/net/route
echo "route4 $route4"
route6=none
if [ -r /proc/net/ipv6_route ]; then
  while read -r destination length _ _ _ _ _ _ _ interface; do
    if [ "$destination$length" = 0000000000000000000000000000000000 ] && [ "$interface" != lo ]; then
      route6=$interface
    fi
  done < /proc/net/ipv6_route
fi
echo "route6 $route6"
address6=none
if [ -r /proc/net/if_inet6 ]; then
  while read -r address _ _ _ _ interface; do
    if [ "$interface" != lo ]; then address6=$address%$interface; fi
  done < /proc/net/if_inet6
fi
echo "address6 $address6"
sidecars= own=
while read -r address names; do
  case " $names " in *" $sidecars_name "*) sidecars=$address ;; esac
  case " $names " in *" $HOSTNAME "*) own="$own $address" ;; esac
done < /etc/hosts

# What was found out goes through pipes alone: a file would be the agent's as well, whose programs may run beside this.
knock() { # key address port
  exec {pipe}< <(exec 2>&1; echo begun; exec 3<>"/dev/tcp/$2/$3" && echo open)
  pipes[$1]=$pipe keys="$keys $1" pids="$pids $!"
}
ask() { # key server
  exec {pipe}< <(echo begun; exec 3<>"/dev/udp/$2/53" && printf '${DNS_QUESTION}' >&3 && exec head -c 4 <&3)
  pipes[$1]=$pipe keys="$keys $1" pids="$pids $!"
}
# Adds what was said until its end, or for so long. False when it ended.
hear() { # key seconds
  local said= code=0
  IFS= read -r -d '' -t "$2" said <&"\${pipes[$1]}" || code=$?
  heard[$1]+=$said
  [ "$code" -gt 128 ]
}
state() { # key
  case "\${heard[$1]}" in
    begun*open*) echo open ;;
    begun*refused*) echo refused ;;
    begun? | begun*unreachable* | begun*'No route'* | begun*'timed out'*) echo silent ;;
    *) echo unknown ;;
  esac
}
code() { # key
  case "\${heard[$1]}" in
    begun?) echo silent ;;
    begun?????) printf -v byte %d "'\${heard[$1]:9}"; case $((byte & 15)) in 2 | 5) echo silent ;; *) echo answers ;; esac ;;
    *) echo answers ;;
  esac
}

neighbours=
while read -r interface destination gateway _ _ _ _ mask _; do
  case "$destination" in Destination | 00000000) continue ;; esac
  swapped $((16#$destination)) && first=$swapped
  swapped $((16#$mask)) && size=$((4294967296 - swapped))
  n=1
  while [ $n -lt $((size - 1)) ] && [ $n -le ${MOST_NEIGHBOURS} ]; do
    dotted $((first + n)) && address=$dotted n=$((n + 1))
    case " $sidecars $own " in *" $address "*) continue ;; esac
    neighbours="$neighbours $address"
    knock "neighbour-$address" "$address" 9
  done
done < /proc/net/route
for target in $forbidden; do knock "forbidden-$target" "\${target%:*}" "\${target##*:}"; done
servers=
while read -r key server _; do
  if [ "$key" = nameserver ]; then servers="$servers $server"; ask "dns-$server" "$server"; fi
done < /etc/resolv.conf

# Until all that were asked have answered, or have been silent for that long: one that is, is the last to be waited for.
settle() {
  for key in $keys; do
    if IFS= read -r -t ${BEGUN_WITHIN_S} line <&"\${pipes[$key]}"; then heard[$key]=$line$'\\n'; fi
  done
  for key in $keys; do if hear "$key" ${PATIENCE_S}; then break; fi; done
  for pid in $pids; do kill -KILL "$pid"; done
  for key in $keys; do hear "$key" ${BEGUN_WITHIN_S}; done
  keys= pids=
}
settle
for address in $neighbours; do printf 'neighbour %s ' "$address" && state "neighbour-$address"; done
for target in $forbidden; do printf 'forbidden %s ' "$target" && state "forbidden-$target"; done
for server in $servers; do printf 'dns %s ' "$server" && code "dns-$server"; done

while read -r -u ${INPUT} _; do :; done
if [ -n "$sidecars" ]; then
  knock egress "$sidecars" "$egress_port"
  settle
  printf 'egress ' && state egress
fi
text=
if [ -r "$ca" ]; then text=$(<"$ca"); fi
case "$text" in *'BEGIN CERTIFICATE'*) echo 'ca readable' ;; *) echo 'ca unreadable'; text= ;; esac
store=lacks
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
  if [ -n "$text" ] && [ -r "$bundle" ]; then case "$(<"$bundle")" in *"$text"*) store=trusts ;; esac; fi
done
echo "store $store"
echo end
`;

const NODE = `
const [fs, net, os, dgram] = ['fs', 'net', 'os', 'dgram'].map((name) => require('node:' + name));
const { sidecars_name, egress_port, ca, forbidden } = process.env;
const read = (path) => { try { return fs.readFileSync(path, 'utf8'); } catch { return ''; } };
const rows = (path) => read(path).split('\\n').map((line) => line.trim().split(/\\s+/));
const say = (...words) => console.log(words.join(' '));
say('tool found');
const devices = rows('/proc/net/dev').flatMap(([name]) => /^(.+?):/.exec(name)?.[1] ?? []);
if (!devices.includes('lo')) process.exit(3);
const interfaces = devices.filter((name) => name !== 'lo');
say('interfaces', interfaces[0] ?? 'none');
const routes = rows('/proc/net/route').slice(1).filter((row) => row.length > 7);
if (routes.length === 0 && interfaces.length > 0) process.exit(3);
const gone = routes.find((row) => row[1] === '00000000' && row[7] === '00000000');
const number = (hex) => Buffer.from(hex, 'hex').readUInt32LE(0);
const dotted = (value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
say('route4', gone ? dotted(number(gone[2])) : 'none');
const gone6 = rows('/proc/net/ipv6_route').find(
  (row) => /^0{32}$/.test(row[0]) && row[1] === '00' && row[9] !== 'lo');
say('route6', gone6 ? gone6[9] : 'none');
const own6 = rows('/proc/net/if_inet6').find((row) => row.length > 5 && row[5] !== 'lo');
say('address6', own6 ? own6[0] + '%' + own6[5] : 'none');
const addressesOf = (name) => rows('/etc/hosts').filter((row) => row.slice(1).includes(name)).map((row) => row[0]);
const sidecars = addressesOf(sidecars_name);
const skipped = new Set([...sidecars, ...addressesOf(os.hostname())]);
const knock = (host, port) => new Promise((resolve) => {
  const socket = net.connect({ host, port: Number(port) });
  const end = (state) => { clearTimeout(timer); socket.destroy(); resolve(state); };
  const timer = setTimeout(() => end('silent'), ${PATIENCE_S * 1000});
  socket.on('connect', () => end('open'));
  socket.on('error', ({ code }) => end(
    code === 'ECONNREFUSED' ? 'refused' : /UNREACH|TIMEDOUT/.test(code) ? 'silent' : 'unknown'));
});
const ask = (server) => new Promise((resolve) => {
  const socket = dgram.createSocket(server.includes(':') ? 'udp6' : 'udp4');
  const end = (state) => { clearTimeout(timer); socket.close(); resolve(state); };
  const timer = setTimeout(() => end('silent'), ${PATIENCE_S * 1000});
  socket.on('error', () => end('silent'));
  socket.on('message', (answer) => end([2, 5].includes(answer[3] & 15) ? 'silent' : 'answers'));
  socket.connect(53, server, () => socket.send(Buffer.from(
    '123401000001000000000000' + '0862622d70726f6265' + '076578616d706c65' + '0474657374' + '0000010001', 'hex')));
});
const checks = [];
for (const row of routes) {
  const mask = number(row[7]);
  if (mask === 0) continue;
  const size = 2 ** 32 - mask;
  for (let n = 1; n < size - 1 && n <= ${MOST_NEIGHBOURS}; n += 1) {
    const host = dotted(number(row[1]) + n);
    if (!skipped.has(host)) checks.push(knock(host, 9).then((state) => ['neighbour', host, state]));
  }
}
for (const target of forbidden.split(' ').filter(Boolean)) {
  const [, host, port] = /^(.*):(\\d+)$/.exec(target);
  checks.push(knock(host, port).then((state) => ['forbidden', target, state]));
}
for (const [key, server] of rows('/etc/resolv.conf')) {
  if (key === 'nameserver') checks.push(ask(server).then((state) => ['dns', server, state]));
}
Promise.all(checks).then(async (found) => {
  for (const words of found) say(...words);
  read(${INPUT});
  for (const host of sidecars.slice(0, 1)) say('egress', await knock(host, egress_port));
  const text = read(ca).trim();
  const isCertificate = text.includes('BEGIN CERTIFICATE');
  say('ca', isCertificate ? 'readable' : 'unreadable');
  const bundles = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];
  say('store', isCertificate && bundles.some((path) => read(path).includes(text)) ? 'trusts' : 'lacks');
  say('end');
});
`;

/** For `sh -s`, after the settings `sidecars_name`, `egress_port`, `ca` and `forbidden`. */
export const PROBE_SCRIPT = `export sidecars_name egress_port ca forbidden
if command -v bash >/dev/null 2>&1; then
bash -s ${INPUT}<&0 2>/dev/null <<'BB_END_OF_BASH'
${BASH}
BB_END_OF_BASH
elif command -v node >/dev/null 2>&1; then
node - ${INPUT}<&0 <<'BB_END_OF_NODE'
${NODE}
BB_END_OF_NODE
else
echo tool missing
echo end
fi
`;
