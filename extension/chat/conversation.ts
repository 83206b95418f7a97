import type { ChatMessage } from '../../sidecar/protocol/client.ts';
import type { MessageView } from '../../media/chat/messages.ts';
import { parseJson } from '../../sidecar/common/parseJson.ts';

/** One stored conversation of a workspace. */
export interface Conversation {
  readonly id: string;
  readonly updatedMs: number;
  readonly messages: readonly MessageView[];
}

/** The maximum number of messages. The oldest are dropped. */
const MAX_MESSAGES = 200;
const MAX_TITLE_UNITS = 60;

export function titleOf(conversation: Conversation): string {
  const first = conversation.messages.find(({ role }) => role === 'user')?.content ?? '';
  const line = first.trim().split('\n')[0]?.trim() ?? '';
  return line.length > MAX_TITLE_UNITS ? `${line.slice(0, MAX_TITLE_UNITS - 1).trimEnd()}…` : line;
}

/** Adds a message, or replaces the message with its id. */
export function withMessage(conversation: Conversation, message: MessageView, nowMs: number): Conversation {
  const at = conversation.messages.findIndex(({ id }) => id === message.id);
  const messages = at < 0 ? [...conversation.messages, message] : conversation.messages.with(at, message);
  return { ...conversation, updatedMs: nowMs, messages: withoutOldest(messages) };
}

/**
 * Returns the conversation up to and including the question of the last answer. Returns `undefined` if `answerId` is
 * not the last message.
 */
export function withoutLastAnswer(conversation: Conversation, answerId: string): Conversation | undefined {
  const last = conversation.messages.at(-1);
  if (last?.id !== answerId || last.role !== 'assistant') return undefined;
  return { ...conversation, messages: conversation.messages.slice(0, -1) };
}

/** Returns the messages for the model. A question is left out if its answer failed before its first word. */
export function chatMessages(conversation: Conversation): ChatMessage[] {
  const { messages } = conversation;
  return messages
    .filter(
      (message, index) =>
        message.content.trim() !== '' &&
        !(
          message.role === 'user' &&
          messages[index + 1]?.role === 'assistant' &&
          messages[index + 1]?.content.trim() === ''
        ),
    )
    .map(({ role, content }) => ({ role, content }));
}

/** Returns a conversation read from disk, or `undefined` if the text is invalid. */
export function parseConversation(text: string): Conversation | undefined {
  try {
    const value = parseJson(text) as Partial<Conversation>;
    const valid =
      typeof value.id === 'string' &&
      typeof value.updatedMs === 'number' &&
      Array.isArray(value.messages) &&
      (value.messages as readonly Partial<MessageView>[]).every(
        (message) =>
          typeof message.id === 'string' &&
          typeof message.content === 'string' &&
          (message.role === 'user' || message.role === 'assistant'),
      );
    return valid ? (value as Conversation) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps whole turns, so that the first message is a question. */
function withoutOldest(messages: readonly MessageView[]): readonly MessageView[] {
  if (messages.length <= MAX_MESSAGES) return messages;
  const kept = messages.slice(-MAX_MESSAGES);
  return kept.slice(kept.findIndex(({ role }) => role === 'user'));
}
