import { request } from '../messages.ts';

export type TokenId = number;

/** Front → engine. `special`: whether text such as `<|im_start|>` becomes the special token. */
export const TOKENIZE = request<TokenizeParams, TokenizeResult>('engine/tokenize');
export interface TokenizeParams {
  readonly text: string;
  readonly special: boolean;
}
export interface TokenizeResult {
  readonly tokens: readonly TokenId[];
}

export const DETOKENIZE = request<DetokenizeParams, DetokenizeResult>('engine/detokenize');
export interface DetokenizeParams {
  readonly tokens: readonly TokenId[];
  readonly special: boolean;
}
export interface DetokenizeResult {
  readonly text: string;
}

/** Front → engine: the model's own chat template (Jinja) over messages. Answers `TokenizeResult`. */
export const CHAT_TEMPLATE = request<ChatTemplateParams, TokenizeResult>('engine/chatTemplate');
export interface ChatTemplateParams {
  readonly messages: readonly TemplateMessage[];
  readonly tools?: readonly object[];
  /** Adds the header of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
}
export interface TemplateMessage {
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly object[];
  readonly tool_call_id?: string;
}
