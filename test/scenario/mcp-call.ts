/** JavaScript that declares `callTool(name, input)`: an agent's own, small client of the supervise tools. */
export const MCP_CLIENT = `
  const rpc = async (message) => {
    const response = await fetch('http://supervise:9100/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-06-18',
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
    const lines = (await response.text()).split('\\n').map((line) => line.replace(/^data: /, ''));
    const answers = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    return answers.find((answer) => answer.id === message.id);
  };
  const callTool = async (name, input) => {
    const clientInfo = { name: 'scenario', version: '1' };
    const protocolVersion = '2025-06-18';
    await rpc({ id: 1, method: 'initialize', params: { protocolVersion, capabilities: {}, clientInfo } });
    await rpc({ method: 'notifications/initialized' });
    const { result } = await rpc({ id: 2, method: 'tools/call', params: { name, arguments: input } });
    return result.content.map(({ text }) => text).join('\\n');
  };
`;

/** A program that calls one tool and prints what it was told. */
export function callTool(name: string, input: object): string {
  return `${MCP_CLIENT} console.log(await callTool(${JSON.stringify(name)}, ${JSON.stringify(input)}));`;
}
