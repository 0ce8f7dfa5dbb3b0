/** What a stand-in of a model says next. */
export type Turn =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly name: string; readonly input: object }
  /** A call of a tool that takes text as it is. */
  | { readonly kind: 'script'; readonly name: string; readonly text: string };

/** A conversation as it was sent: the outputs of the tools so far, and whether there are tools at all. */
interface Conversation {
  readonly outputs: readonly string[];
  readonly hasTools: boolean;
}

/** A model whose every answer is written down. Equal conversations get equal answers, whoever asks again. */
export type Story = (conversation: Conversation) => Turn;

/** A request as a stand-in got it. */
export interface Asked {
  readonly line: string;
  readonly credential: string;
}

/** What a stand-in is made of. Who does not bear `credential` in `header` is refused, whatever is asked. */
export interface StandInModel {
  readonly story: Story;
  readonly header: string;
  readonly credential: string;
  readonly asked: Asked[];
}

/** Takes the turns one after the other, and ends with a text that has all that the tools said in it. */
export function inTurn(turns: readonly Turn[]): Story {
  return ({ outputs, hasTools }) => {
    if (!hasTools) return { kind: 'text', text: 'a title' };
    const told = outputs.map((output, index) => `[${index}] ${output}`).join('\n');
    return turns[outputs.length] ?? { kind: 'text', text: `told by the tools:\n${told}\nthe end` };
  };
}
