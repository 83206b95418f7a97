import type { ModelSession } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { ChatMessage, ChatParams, ChatSettings, ContextItem } from '../protocol/client.ts';
import type { LoadedModel, TemplateMessage } from '../protocol/engine.ts';
import { cutText, MESSAGE_OVERHEAD_TOKENS, oldestTurnsToDrop } from './budget.ts';
import type { CodeFacts } from '../syntax/codeFacts.ts';
import { asksForSentence, chatPrompt, parseCommand } from './commands/index.ts';
import { fitContext } from './contextItems.ts';
import { answerInstruction, answerLanguage, isEnglish, languageName } from './answerLanguage.ts';
import { languageNamed } from './languageNames.ts';
import { renderChat, type RenderedChat } from './renderChat.ts';
import { withoutThinking } from './fences.ts';

const MANNER = 'Be brief and exact. Put code into fenced blocks that name the language.';
const DEFAULT_SYSTEM_PROMPT = `You are Chorus, a programming assistant that runs on the user's own machine. ${MANNER}`;
const SERVER_SYSTEM_PROMPT = `You are Chorus, a programming assistant. ${MANNER}`;

/**
 * The most that context takes of the prompt. With a fixed share, a cut made for one question also holds for the next,
 * and the cached prefix stays valid.
 */
const CONTEXT_SHARE = 0.65;
/** The most that definitions of one question take of the model's context. */
const DEFINITIONS_SHARE = 1 / 8;

export interface ConversationPrompt extends RenderedChat {
  readonly maxTokens: number;
  readonly omittedContext: readonly string[];
  /** Context items, and definitions of the last question, that are not in the prompt at all. */
  readonly unreadContext: readonly ContextItem[];
  readonly omittedTurns: number;
  /** The language of the answer as a BCP 47 tag, or `undefined` if the answer is a translation. */
  readonly answerLanguage: string | undefined;
  /** Whether only the first sentence of the answer is shown, with facts. */
  readonly asksForSentence: boolean;
}

/** A conversation with the definitions for its questions. */
export interface ConversationParams extends ChatParams {
  /** Definitions by the question that they precede. */
  readonly definitions?: ReadonlyMap<ChatMessage, readonly ContextItem[]> | undefined;
  /** Reads facts about a piece of code from its syntax. Resolves with `undefined` if there are none. */
  readonly factsOf?: ((item: ContextItem) => Promise<CodeFacts | undefined>) | undefined;
}

interface Turn extends ChatMessage {
  readonly definitions: readonly ContextItem[];
}

export interface ConversationPromptOptions {
  /** Whether the previous answer was in another language. */
  readonly insistsOnLanguage?: boolean;
}

/**
 * Returns the prompt of a conversation: system text and context first, then the turns. The parts that change least come
 * first, so that the engine's cached prefix stays valid. The oldest turns and then the largest context items are cut
 * until prompt and answer fit the model's context. Rejects with `TroubleError` 'context-overflow' if the question alone
 * does not fit, and 'invalid-input' if there is no question.
 */
export async function conversationPrompt(
  session: ModelSession,
  model: LoadedModel,
  params: ConversationParams,
  settings: ChatSettings,
  options: ConversationPromptOptions = {},
): Promise<ConversationPrompt> {
  const turns = alternating(params);
  const maxTokens = answerTokens(model, settings.maxTokens);
  const budget = model.contextSizeTokens - maxTokens;
  const system = [
    settings.systemPrompt || (model.engine === 'server' ? SERVER_SYSTEM_PROMPT : DEFAULT_SYSTEM_PROMPT),
    ...params.messages.filter(({ role }) => role === 'system').map(({ content }) => content),
  ].join('\n\n');
  const {
    texts,
    answerLanguage: language,
    isSentence,
  } = await turnTexts(turns, params, settings, { ...options, model });
  const definitions = await Promise.all(
    turns.map((turn) =>
      fitContext(session.engine, turn.definitions, Math.floor(model.contextSizeTokens * DEFINITIONS_SHARE)),
    ),
  );
  const contents = texts.map((text, index) => [definitions[index]?.text, text].filter(Boolean).join('\n\n'));
  const count = async (text: string): Promise<number> =>
    (await session.engine.tokenize(text)).length + MESSAGE_OVERHEAD_TOKENS;
  const sizes = await Promise.all(contents.map(count));
  const fixed = (await count(system)) + (sizes.at(-1) ?? 0);
  /** Definitions that the user did not ask for are dropped before a question is refused. */
  const withoutDefinitions = async (tokens: number): Promise<ConversationPrompt> => {
    if (turns.every((turn) => turn.definitions.length === 0)) throw questionTooLong(model, tokens, budget);
    const prompt = await conversationPrompt(session, model, { ...params, definitions: undefined }, settings, options);
    return { ...prompt, unreadContext: [...prompt.unreadContext, ...(turns.at(-1)?.definitions ?? [])] };
  };
  if (fixed > budget) return withoutDefinitions(fixed);

  let contextBudget = Math.max(0, Math.floor(Math.min(budget * CONTEXT_SHARE, budget - fixed)));
  let extraDropped = 0;
  for (;;) {
    const context = await fitContext(session.engine, params.context ?? [], contextBudget);
    const contextSize = context.text === '' ? 0 : (await count(context.text)) - MESSAGE_OVERHEAD_TOKENS;
    const room = budget - fixed - contextSize + (sizes.at(-1) ?? 0);
    const dropped = Math.min(oldestTurnsToDrop(sizes, room) + extraDropped, sizes.length - 1);
    const messages: TemplateMessage[] = [
      { role: 'system', content: context.text === '' ? system : `${system}\n\nThe user's context:\n\n${context.text}` },
      ...contents.slice(dropped).map((content, index) => ({ role: turns[dropped + index]?.role ?? 'user', content })),
    ];
    const rendered = await renderChat(session, model, messages);
    const excess = rendered.tokens.length - budget;
    if (excess <= 0)
      return {
        ...rendered,
        maxTokens,
        omittedContext: context.omitted,
        unreadContext: [...context.leftOut, ...(definitions.at(-1)?.leftOut ?? [])],
        omittedTurns: dropped,
        answerLanguage: language,
        asksForSentence: isSentence,
      };
    // The estimate of the template's tokens was too low for this model.
    if (dropped < sizes.length - 1) extraDropped += 2;
    else if (contextBudget > 0) contextBudget = Math.max(0, contextBudget - excess - MESSAGE_OVERHEAD_TOKENS);
    else return withoutDefinitions(rendered.tokens.length);
  }
}

/** Returns how many tokens are kept free for the answer: the user's limit, at most half of the context. */
export function answerTokens(model: LoadedModel, maxTokens: number | undefined, fallback = 1024): number {
  return Math.max(
    1,
    Math.min(maxTokens && maxTokens > 0 ? maxTokens : fallback, Math.floor(model.contextSizeTokens / 2)),
  );
}

export function questionTooLong(model: LoadedModel, tokens: number, budget: number): TroubleError {
  return new TroubleError(
    'context-overflow',
    `The question is ${tokens} tokens long, and ${model.name} has room for ${budget} of its ${model.contextSizeTokens}. Shorten it, or raise the context size.`,
  );
}

/** Returns turns of user and assistant that alternate and end with the user. Neighbours of one role are joined. */
function alternating({ messages, definitions }: Pick<ConversationParams, 'messages' | 'definitions'>): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const last = turns.at(-1);
    const turn = { ...message, definitions: definitions?.get(message) ?? [] };
    if (last?.role === message.role)
      turns[turns.length - 1] = {
        role: last.role,
        content: `${last.content}\n\n${message.content}`,
        definitions: [...last.definitions, ...turn.definitions],
      };
    else if (last || message.role === 'user') turns.push(turn);
  }
  if (turns.at(-1)?.role !== 'user')
    throw new TroubleError('invalid-input', "The last message of a chat must be the user's question.");
  return turns;
}

/**
 * Returns each turn's text for the model. It depends only on the turns up to it, so a later question does not change
 * earlier texts.
 */
async function turnTexts(
  turns: readonly ChatMessage[],
  params: ChatParams,
  settings: ChatSettings,
  { model, insistsOnLanguage = false }: ConversationPromptOptions & { readonly model: LoadedModel },
): Promise<{
  readonly texts: readonly string[];
  readonly answerLanguage: string | undefined;
  readonly isSentence: boolean;
}> {
  const questions: string[] = [];
  const languages: string[] = [];
  const texts: string[] = [];
  let lastLanguage: string | undefined;
  let isSentence = false;
  for (const [index, turn] of turns.entries()) {
    if (turn.role === 'assistant') {
      texts.push(withoutThinking(turn.content));
      continue;
    }
    const isLast = index === turns.length - 1;
    const parsed = parseCommand(turn.content);
    const command = parsed.command ?? (isLast ? params.command : undefined);
    questions.push(parsed.text);
    const named = command === 'translate' ? languageNamed(parsed.text, params.displayLanguage) : undefined;
    const setting = named ?? ((isLast && params.language) || settings.language);
    const language = await answerLanguage({ setting, questions, displayLanguage: params.displayLanguage });
    languages.push(language);
    const asked = command && { command, words: parsed.text };
    isSentence = asked !== undefined && asksForSentence(asked, model);
    const ask = asked && chatPrompt(asked, model).replace('{language}', languageName(language));
    // Models answer in English by default, unless the conversation was in another language.
    const needsInstruction = !isEnglish(language) || languages.some((each) => !isEnglish(each));
    const insists = insistsOnLanguage && isLast;
    const sayLanguage =
      (needsInstruction || insists) && command !== 'translate' ? answerInstruction(language) : undefined;
    const insist = insists
      ? `Write every sentence of the answer in ${languageName(language)}, and only code in another language.`
      : undefined;
    texts.push([ask, parsed.text.trim(), sayLanguage, insist].filter(Boolean).join('\n\n'));
    lastLanguage = command === 'translate' ? undefined : language;
  }
  return { texts, answerLanguage: lastLanguage, isSentence };
}

/** Cuts a text to about `tokens`. Used for parts of a prompt that may be cut anywhere. */
export async function boundText(session: ModelSession, text: string, tokens: number): Promise<string> {
  const bounded = text.slice(0, tokens * 8);
  const size = (await session.engine.tokenize(bounded)).length;
  return cutText(bounded, size, tokens);
}
