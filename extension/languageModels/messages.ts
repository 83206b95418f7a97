/**
 * Converts VS Code's chat messages to the sidecar's. Recognizes parts by their shape instead of their class. Newer VS
 * Code versions add kinds of parts, for which the oldest supported version has no class.
 */
import type { GenerateMessage, ToolCall } from '../../sidecar/protocol/client.ts';

/** The parts of `vscode.LanguageModelChatRequestMessage` that the mapping needs. */
export interface RequestMessage {
  /** `vscode.LanguageModelChatMessageRole`: 1 is the user, 2 the assistant, 3 (newer versions) the system. */
  readonly role: number;
  readonly content: readonly unknown[];
}

/**
 * Returns a conversation for `chorus/generate`. Tool results, which VS Code puts into user messages, become separate
 * messages.
 */
export function toGenerateMessages(messages: readonly RequestMessage[]): GenerateMessage[] {
  return messages.flatMap(({ role, content }) => {
    const results = content
      .filter(isToolResult)
      .map((part): GenerateMessage => ({ role: 'tool', content: textOf(part.content), toolCallId: part.callId }));
    const toolCalls = content
      .filter(isToolCall)
      .map(({ callId, name, input }): ToolCall => ({ id: callId, name, input }));
    const text = textOf(content);
    const hasMessage = text !== '' || toolCalls.length > 0 || results.length === 0;
    const message: GenerateMessage = {
      role: roleName(role),
      content: text,
      ...(toolCalls.length > 0 && { toolCalls }),
    };
    return hasMessage ? [...results, message] : results;
  });
}

/** Returns the text of a message or of one tool result, with a note in place of each part that is no text. */
export function textOf(parts: readonly unknown[]): string {
  return parts.map((part) => partText(part)).join('');
}

/** Returns all text of a message, including tool calls and results, for counting tokens. */
export function countableText(message: string | RequestMessage): string {
  if (typeof message === 'string') return message;
  return message.content
    .map((part) => {
      if (isToolCall(part)) return `${part.name} ${JSON.stringify(part.input)}`;
      return isToolResult(part) ? textOf(part.content) : partText(part);
    })
    .join('');
}

function roleName(role: number): GenerateMessage['role'] {
  return role === 2 ? 'assistant' : role === 3 ? 'system' : 'user';
}

interface ToolCallPart {
  readonly callId: string;
  readonly name: string;
  readonly input: object;
}
interface ToolResultPart {
  readonly callId: string;
  readonly content: readonly unknown[];
}

function isToolCall(part: unknown): part is ToolCallPart {
  return (
    isObject(part) && typeof part['callId'] === 'string' && typeof part['name'] === 'string' && isObject(part['input'])
  );
}

function isToolResult(part: unknown): part is ToolResultPart {
  return isObject(part) && typeof part['callId'] === 'string' && Array.isArray(part['content']);
}

function partText(part: unknown): string {
  if (typeof part === 'string') return part;
  if (!isObject(part) || isToolCall(part) || isToolResult(part)) return '';
  const { value, data, mimeType } = part;
  if (typeof value === 'string') return value;
  if (data instanceof Uint8Array && typeof mimeType === 'string') return dataText(data, mimeType);
  // Only the library that made a prompt-tsx tree can render it, but its JSON still contains the words.
  return value === undefined ? '' : JSON.stringify(value);
}

/**
 * Data parts exist since VS Code 1.105. Some of them are VS Code's own marks (such as `cache_control`) and mean nothing
 * to a model.
 */
function dataText(data: Uint8Array, mimeType: string): string {
  if (/^text\/|json/.test(mimeType)) return new TextDecoder().decode(data);
  return /^(image|audio|video)\//.test(mimeType) ? `[${mimeType} left out: this model reads text only]` : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
