# The programs that guard an agent. Needs nothing of its base but Node; runs with a read-only root.
ARG BASE
FROM ${BASE}
COPY bundle.js egress.js supervise.js /opt/bb/
# Compiled code of a first run, which starts and ends here: needs no network, and leaves no key behind.
RUN ["node", "-e", "const fs = require('node:fs'); const root = fs.mkdtempSync('/tmp/warm-'); const child = require('node:child_process').spawn('node', ['/opt/bb/bundle.js'], { stdio: 'inherit', env: { ...process.env, BB_SIDECAR_ROOT: root, NODE_COMPILE_CACHE: '/opt/bb/cache', BB_EGRESS_LISTEN: '127.0.0.1:0' } }); const said = () => ['egress', 'supervise'].every((name) => fs.existsSync(root + '/' + name + '/out/status.json')); const until = Date.now() + 10000; const look = setInterval(() => { if (said() || Date.now() > until) { clearInterval(look); child.kill('SIGTERM'); } }, 50); child.once('exit', (code) => { clearInterval(look); for (const path of [root, '/tmp/compile-cache']) fs.rmSync(path, { recursive: true, force: true }); for (const path of fs.readdirSync('/opt/bb/cache', { recursive: true })) fs.chmodSync('/opt/bb/cache/' + path, 0o755); process.exitCode = code ?? 1; });"]
USER 65534:65534
WORKDIR /
ENTRYPOINT ["node", "/opt/bb/bundle.js"]
