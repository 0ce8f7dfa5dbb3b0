/**
 * `node:http` and `node:tls` as values. An `import` of them evaluates every export, WebSocket and the list of root
 * certificates among them: 16 MB and 20 ms that a sidecar can do without.
 */
export const http = process.getBuiltinModule('node:http');
export const tls = process.getBuiltinModule('node:tls');
