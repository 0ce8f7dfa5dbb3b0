/** Values that are in force while one call runs. */
export interface ToolCall {
  readonly waitSeconds: number;
  readonly maxPendingPerBottle: number;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
  /** Tells a caller that asked for it that the call is still alive. */
  readonly progress: (message: string) => void;
}

/** What an agent gets: a sentence for the model and the same as data. Only bad input and refusals are errors. */
export interface ToolAnswer {
  readonly isError: boolean;
  readonly message: string;
  readonly data: { readonly [key: string]: unknown };
}

/** One tool of the MCP server; it knows nothing of the protocol. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema, for the model to read; `call` checks by itself and says more. */
  readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown };
  readonly readOnly: boolean;
  call(input: unknown, call: ToolCall): Promise<ToolAnswer>;
}
