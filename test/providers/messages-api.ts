import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import type { StandInModel, Turn } from './model-story.ts';

interface Block {
  readonly type: string;
  readonly content?: string | readonly { readonly text?: string }[];
}

interface Body {
  readonly messages?: readonly { readonly content: string | readonly Block[] }[];
  readonly tools?: readonly object[];
}

/** A stand-in of Anthropic's Messages API. */
export function messagesApi({ story, header, credential, asked }: StandInModel): RequestListener {
  return async (request, response) => {
    const body = await text(request);
    const { method, url = '', headers } = request;
    asked.push({ line: `${method} ${url}`, credential: String(headers[header]) });
    response.setHeader('content-type', 'application/json');
    if (headers[header] !== credential) {
      response.statusCode = 401;
      const error = { type: 'authentication_error', message: 'who are you?' };
      return response.end(JSON.stringify({ type: 'error', error }));
    }
    if (!url.startsWith('/v1/messages')) return response.end('{}');
    const turn = story(conversationOf(JSON.parse(body)));
    response.setHeader('content-type', 'text/event-stream');
    for (const event of events(turn)) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    return response.end();
  };
}

function conversationOf({ messages = [], tools = [] }: Body) {
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  const outputs = blocks
    .filter(({ type }) => type === 'tool_result')
    .map(({ content = '' }) =>
      typeof content === 'string' ? content : content.map((part) => part.text ?? '').join(''),
    );
  return { outputs, hasTools: tools.length > 0 };
}

let lastId = 0;

function events(turn: Turn) {
  lastId += 1;
  const usage = { input_tokens: 1, output_tokens: 1 };
  const stop_reason = turn.kind === 'text' ? 'end_turn' : 'tool_use';
  const [content_block, delta] = contentOf(turn);
  const message = {
    ...{ id: `msg_${lastId}`, type: 'message', role: 'assistant', model: 'stand-in' },
    ...{ content: [], stop_reason: null, stop_sequence: null, usage },
  };
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
}

function contentOf(turn: Turn) {
  switch (turn.kind) {
    case 'text':
      return [
        { type: 'text', text: '' },
        { type: 'text_delta', text: turn.text },
      ];
    case 'tool':
      return [
        { type: 'tool_use', id: `toolu_${lastId}`, name: turn.name, input: {} },
        { type: 'input_json_delta', partial_json: JSON.stringify(turn.input) },
      ];
    case 'script':
      throw new Error('this API has no tools that take text as it is');
  }
}
