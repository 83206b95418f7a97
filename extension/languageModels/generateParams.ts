import { createHash } from 'node:crypto';
import type { GenerateParams } from '../../sidecar/protocol/client.ts';
import { textOf, toGenerateMessages, type RequestMessage } from './messages.ts';

/** The parts of `vscode.ProvideLanguageModelChatResponseOptions` that the mapping needs. */
export interface ResponseOptions {
  readonly modelOptions?: Readonly<Record<string, unknown>>;
  readonly tools?: readonly {
    readonly name: string;
    readonly description: string;
    readonly inputSchema?: object | undefined;
  }[];
  /** `vscode.LanguageModelChatToolMode`: 1 is auto, 2 is required. */
  readonly toolMode?: number;
}

/**
 * Returns another extension's request as `chorus/generate`. Leaves out tools if the model can't call them, which its
 * information says.
 */
export function toGenerateParams(
  messages: readonly RequestMessage[],
  options: ResponseOptions,
  canCallTools: boolean,
): GenerateParams {
  const { modelOptions = {}, tools = [], toolMode } = options;
  const number = (...names: string[]): number | undefined =>
    names.map((name) => modelOptions[name]).find((value) => typeof value === 'number');
  const stop = [modelOptions['stop']].flat().filter((value): value is string => typeof value === 'string');
  return {
    messages: toGenerateMessages(messages),
    ...(canCallTools &&
      tools.length > 0 && {
        tools: tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
        toolMode: toolMode === 2 ? 'required' : 'auto',
      }),
    temperature: number('temperature'),
    topP: number('topP', 'top_p'),
    topK: number('topK', 'top_k'),
    seed: number('seed'),
    maxTokens: number('maxTokens', 'max_tokens', 'max_completion_tokens'),
    ...(stop.length > 0 && { stop }),
    conversationId: conversationId('lm', messages[0] ? textOf(messages[0].content) : ''),
  };
}

/**
 * Names a conversation by its beginning, so that its later turns reuse the cached tokens of the earlier ones. VS Code's
 * stable API provides no name.
 */
export function conversationId(surface: string, beginning: string): string {
  return `${surface}:${createHash('sha256').update(beginning).digest('hex').slice(0, 16)}`;
}
