// Runs inside the bottle, standing in for an agent: it meets a wall, proposes a change and waits for it.
const allowed = 'https://api.example.test:8443/public/hello';
const walled = 'https://api.example.test:8443/private/report';
const say = (text) => console.log(`  [agent pid ${process.pid}] ${text}`);

async function get(url) {
  const response = await fetch(url, { headers: { accept: 'application/json' } });
  const body = (await response.text()).trim();
  say(`GET ${url} -> ${response.status} ${body.slice(0, 300)}`);
  return response.status;
}

const mcp = 'http://supervise:9100/mcp';
let session;
async function rpc(message) {
  const response = await fetch(mcp, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
  session ??= response.headers.get('mcp-session-id') ?? undefined;
  const lines = (await response.text()).split('\n').map((line) => line.replace(/^data: /, ''));
  const answers = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return answers.find((answer) => answer.id === message.id)?.result;
}

await get(allowed);
await get(walled);
say('proposing egress-block over MCP, and waiting for the answer');
const clientInfo = { name: 'quick-start', version: '1' };
await rpc({
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
});
await rpc({ method: 'notifications/initialized' });
let calls = 1;
async function call(name, input) {
  calls += 1;
  const params = { name, arguments: input };
  const { content, structuredContent } = await rpc({ id: calls, method: 'tools/call', params });
  say(`answered: ${content[0].text.split('\n')[0]}`);
  return structuredContent;
}

let proposal = await call('egress-block', {
  host: 'api.example.test',
  path_allowlist: ['/private/'],
  methods: ['GET'],
  justification: 'the report is part of my task',
});
// People take their time.
while (proposal?.status === 'pending') {
  proposal = await call('proposal-status', { id: proposal.id, waitSeconds: 300 });
}
process.exitCode = (await get(walled)) === 200 ? 0 : 1;
