import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import type { StandInModel, Turn } from './model-story.ts';

interface Item {
  readonly type?: string;
  readonly output?: unknown;
}

interface Body {
  readonly input?: readonly Item[];
  readonly tools?: readonly object[];
}

/** A stand-in of OpenAI's Responses API over server-sent events; who would rather have a WebSocket is told so. */
export function responsesApi({ story, header, credential, asked }: StandInModel): RequestListener {
  return async (request, response) => {
    const body = await text(request);
    const { method, url = '', headers } = request;
    asked.push({ line: `${method} ${url}`, credential: String(headers[header]) });
    const refuse = (status: number, message: string) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ error: { message } }));
    };
    if (headers[header] !== credential) return refuse(401, 'who are you?');
    const isResponses = url.split('?')[0]?.endsWith('/responses') === true;
    if (!isResponses) return refuse(404, 'not here');
    if (method !== 'POST') return refuse(426, 'no WebSockets here');
    const turn = story(conversationOf(JSON.parse(body)));
    response.setHeader('content-type', 'text/event-stream');
    for (const event of events(turn)) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    return response.end();
  };
}

function conversationOf({ input = [], tools = [] }: Body) {
  const outputs = input
    .filter(({ type = '' }) => type.endsWith('_call_output'))
    .map(({ output }) => textOf(output));
  const hasTools = tools.length > 0 || input.some(({ type }) => type === 'additional_tools');
  return { outputs, hasTools };
}

function textOf(output: unknown): string {
  if (typeof output === 'string') return output;
  if (!Array.isArray(output)) return JSON.stringify(output);
  return output.map((part: { readonly text?: string }) => part.text ?? '').join('\n');
}

let lastId = 0;

function events(turn: Turn) {
  lastId += 1;
  const id = `resp_${lastId}`;
  const item = itemOf(turn);
  const usage = {
    ...{ input_tokens: 1, input_tokens_details: { cached_tokens: 0 } },
    ...{ output_tokens: 1, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 2 },
  };
  return [
    { type: 'response.created', response: { id } },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { id, output: [item], usage } },
  ];
}

function itemOf(turn: Turn) {
  const call = { call_id: `call_${lastId}` };
  switch (turn.kind) {
    case 'text': {
      const content = [{ type: 'output_text', text: turn.text, annotations: [] }];
      return { type: 'message', role: 'assistant', id: `msg_${lastId}`, content };
    }
    case 'tool': {
      const input = JSON.stringify(turn.input);
      return {
        type: 'function_call',
        id: `fc_${lastId}`,
        ...call,
        name: turn.name,
        arguments: input,
      };
    }
    case 'script':
      return {
        ...{ type: 'custom_tool_call', id: `ctc_${lastId}`, ...call },
        ...{ namespace: 'functions', name: turn.name, input: turn.text },
      };
  }
}
