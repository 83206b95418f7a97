import { request } from '../messages.ts';

export type TokenId = number;

/** Front → engine: converts text to tokens. */
export const TOKENIZE = request<TokenizeParams, TokenizeResult>('engine/tokenize');
export interface TokenizeParams {
  readonly text: string;
  /** Whether text such as `<|im_start|>` becomes the special token. */
  readonly special: boolean;
}
export interface TokenizeResult {
  readonly tokens: readonly TokenId[];
}

/** Front → engine: converts tokens to text. */
export const DETOKENIZE = request<DetokenizeParams, DetokenizeResult>('engine/detokenize');
export interface DetokenizeParams {
  readonly tokens: readonly TokenId[];
  /** Whether the text contains special tokens. */
  readonly special: boolean;
}
export interface DetokenizeResult {
  readonly text: string;
}

/** Front → engine: renders messages with the model's own chat template (Jinja), as tokens. */
export const CHAT_TEMPLATE = request<ChatTemplateParams, TokenizeResult>('engine/chatTemplate');
export interface ChatTemplateParams {
  readonly messages: readonly TemplateMessage[];
  readonly tools?: readonly object[];
  /** Whether to add the header of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
}
export interface TemplateMessage {
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly object[];
  readonly tool_call_id?: string;
}
