import type { ChatCommand, ChatMessage, ContextItem } from '../../sidecar/protocol/client.ts';
import type { KeptPlace } from './references.ts';

/** The parts of `vscode.ChatRequestTurn` and `vscode.ChatResponseTurn` that the mapping needs. */
export type Turn =
  | { readonly prompt: string; readonly command?: string }
  | {
      readonly response: readonly unknown[];
      readonly result?: { readonly metadata?: Readonly<Record<string, unknown>> };
    };

/**
 * Returns the turns so far as chat messages. Leaves out parts that are no Markdown (buttons, file trees, progress),
 * since they mean nothing to a model.
 */
export function historyMessages(turns: readonly Turn[]): ChatMessage[] {
  const messages = turns.map((turn): ChatMessage => {
    if ('response' in turn) return { role: 'assistant', content: turn.response.map(markdownOf).join('') };
    return { role: 'user', content: [turn.command && `/${turn.command}`, turn.prompt].filter(Boolean).join(' ') };
  });
  return messages.filter(({ content }) => content !== '');
}

/**
 * Returns the places that earlier turns used, in order and each once, as `answerMetadata` stored them. Equal files and
 * lines are one place.
 */
export function historyPlaces(turns: readonly Turn[]): KeptPlace[] {
  const places = new Map<string, KeptPlace>();
  for (const turn of turns) {
    const kept: unknown = 'response' in turn ? turn.result?.metadata?.['places'] : undefined;
    for (const place of Array.isArray(kept) ? (kept as KeptPlace[]) : []) places.set(placeKey(place), place);
  }
  return [...places.values()];
}

/**
 * Returns the metadata stored with an answer for later turns: the command and the places of the context, but never its
 * text.
 */
export function answerMetadata(
  command: ChatCommand | undefined,
  context: readonly ContextItem[],
): { readonly command?: ChatCommand; readonly places: KeptPlace[] } {
  return { command, places: context.flatMap(({ uri, lines }) => (uri === undefined ? [] : [{ uri, lines }])) };
}

/**
 * Merges the context of earlier turns with the current one. Earlier items come first, so that the cached prefix stays
 * valid. Of two items for one place the later text counts.
 */
export function mergeContext(earlier: readonly ContextItem[], now: readonly ContextItem[]): ContextItem[] {
  const merged = new Map<string, ContextItem>();
  for (const item of [...earlier, ...now])
    merged.set(item.uri === undefined ? item.text : placeKey({ uri: item.uri, lines: item.lines }), item);
  return [...merged.values()];
}

function placeKey({ uri, lines }: KeptPlace): string {
  return `${uri}#${lines?.join('-') ?? ''}`;
}

/** `ChatResponseMarkdownPart.value` is a `MarkdownString`, whose `value` is the text. */
function markdownOf(part: unknown): string {
  const markdown: unknown = (part as { value?: unknown } | null)?.value;
  const text: unknown =
    typeof markdown === 'object' && markdown !== null ? (markdown as { value?: unknown }).value : undefined;
  return typeof text === 'string' ? text : '';
}
