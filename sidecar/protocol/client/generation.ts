import type { ChatResult } from './chat.ts';
import { request } from '../messages.ts';

/**
 * Client → server request: continues plain messages with tools, or plain text. For `vscode.lm` and the command line.
 * Streams `GeneratePart`.
 */
export const GENERATE_REQUEST = request<GenerateParams, GenerateResult, GeneratePart>('chorus/generate');
export interface GenerateParams {
  readonly partialResultToken?: string | number;
  /** A conversation. Either this or `prompt` is present. */
  readonly messages?: readonly GenerateMessage[];
  /** Plain text to continue. */
  readonly prompt?: string;
  readonly tools?: readonly ToolDescription[];
  readonly toolMode?: 'auto' | 'required';
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly conversationId?: string;
}
export interface GenerateMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
}
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  /** The JSON Schema of the input. */
  readonly inputSchema?: object;
}
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: object;
}
export type GeneratePart = { readonly text: string } | { readonly toolCall: ToolCall };
export interface GenerateResult {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly stopReason: ChatResult['stopReason'];
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly tokensPerSecond: number;
}

export const COUNT_TOKENS_REQUEST = request<CountTokensParams, CountTokensResult>('chorus/countTokens');
export interface CountTokensParams {
  readonly text: string;
}
export interface CountTokensResult {
  readonly tokens: number;
}
