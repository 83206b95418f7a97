import type { ModelSession } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { LoadedModel, TemplateMessage, TokenId } from '../protocol/engine.ts';
import { withheldThoughts } from './openedThoughts.ts';

export interface RenderedChat {
  readonly tokens: readonly TokenId[];
  /** Stop texts for a model without its own end-of-turn token. */
  readonly stop: readonly string[];
}

export interface RenderOptions {
  readonly tools?: readonly object[];
  /** The text that the answer begins with. It is part of the prompt. */
  readonly answerStart?: string;
  /** Whether a reasoning model answers without thoughts. */
  readonly withholdThoughts?: boolean;
}

/**
 * Renders messages by the model's chat template, as tokens. If a template has no system role, the system text is put
 * before the first user message. A base model without a template gets a plain form that most models have seen.
 */
export async function renderChat(
  session: ModelSession,
  model: LoadedModel,
  messages: readonly TemplateMessage[],
  options: RenderOptions = {},
): Promise<RenderedChat> {
  const { engine } = session;
  const start = options.answerStart ? await engine.tokenize(options.answerStart) : [];
  if (!model.chatTemplate) {
    const tokens = await engine.tokenize(plainForm(messages));
    const bos =
      model.special.addBos && model.special.bos !== undefined && tokens[0] !== model.special.bos
        ? [model.special.bos]
        : [];
    return { tokens: [...bos, ...tokens, ...start], stop: ['\n### '] };
  }
  const render = async (from: readonly TemplateMessage[]): Promise<readonly TokenId[]> =>
    engine.chatTemplate({
      messages: from,
      addGenerationPrompt: true,
      ...(options.tools?.length ? { tools: options.tools } : {}),
    });
  let tokens: readonly TokenId[];
  try {
    tokens = await render(messages);
  } catch (error) {
    if (!(error instanceof TroubleError) || error.code !== 'invalid-input' || messages[0]?.role !== 'system')
      throw error;
    tokens = await render(systemIntoFirstUserMessage(messages));
  }
  const thoughts = options.withholdThoughts ? await withheldThoughts(session, model, tokens) : [];
  return { tokens: [...tokens, ...thoughts, ...start], stop: [] };
}

function systemIntoFirstUserMessage(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const [system, first, ...rest] = messages;
  if (!system) return [];
  if (first?.role !== 'user') return [{ ...system, role: 'user' }, ...(first ? [first] : []), ...rest];
  return [{ ...first, content: `${system.content}\n\n${first.content}` }, ...rest];
}

function plainForm(messages: readonly TemplateMessage[]): string {
  const titles: Record<string, string> = {
    system: '### System',
    user: '### Instruction',
    assistant: '### Response',
    tool: '### Result',
  };
  return `${messages.map(({ role, content }) => `${titles[role] ?? titles['user']}:\n${content}\n\n`).join('')}### Response:\n`;
}
