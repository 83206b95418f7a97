import type { ModelSession } from '../../engine/engine.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { EditParams } from '../../protocol/client.ts';
import type { LoadedModel } from '../../protocol/engine.ts';
import { commandPrompts } from '../commands/index.ts';
import { answerTokens, boundText, questionTooLong } from '../conversation.ts';
import { fenceFor } from '../fences.ts';
import { languageName } from '../answerLanguage.ts';
import { renderChat, type RenderedChat } from '../renderChat.ts';
import { commentLanguage } from './commentLanguage.ts';
import type { OutdentedTarget } from './indentation.ts';

const SYSTEM_PROMPT = 'You edit code. You answer with one fenced block that holds the new code, and nothing else.';

export interface RewritePrompt extends RenderedChat {
  readonly maxTokens: number;
}

/**
 * Returns the prompt for new code in place of the target. The answer begins with its opening fence, so that the model
 * writes no text before the code, and ends with the closing fence. Surrounding code is included as far as it fits,
 * nearest first.
 */
export async function rewritePrompt(
  session: ModelSession,
  model: LoadedModel,
  params: EditParams,
  target: OutdentedTarget,
  maxTokensSetting: number | undefined,
): Promise<RewritePrompt> {
  const ask = commandPrompts[params.task].edit;
  if (!ask)
    throw new TroubleError(
      'invalid-input',
      `/${params.task} answers in words and does not edit code. Use it in the chat.`,
    );
  const targetTokens = (await session.engine.tokenize(target.text)).length;
  // New code is seldom more than twice as long as the old code. Tests are longer than the code they test.
  const maxTokens = answerTokens(
    model,
    maxTokensSetting,
    Math.max(512, targetTokens * (params.task === 'tests' ? 4 : 2) + 256),
  );
  const budget = model.contextSizeTokens - maxTokens;
  const fence = fenceFor(target.text);
  const language = languageName(params.language ?? 'en');
  const written =
    params.task === 'translate'
      ? undefined
      : await commentLanguage(params.before + params.target + params.after, params.languageId);
  const keepLanguage = written && `Write comments and texts in ${languageName(written)}, as this file does.`;
  const instruction = [ask.replace('{language}', language), params.instruction?.trim(), keepLanguage]
    .filter(Boolean)
    .join(' ');

  let surroundingTokens = Math.max(0, Math.min(1024, Math.floor((budget - targetTokens) / 3)));
  for (;;) {
    const question = [
      await surroundings(session, params, surroundingTokens),
      `The code to edit, in ${params.fileName}:\n${fence}${params.languageId}\n${target.text}\n${fence}`,
      params.diagnostics?.length
        ? `Problems reported:\n${params.diagnostics.map((each) => `- ${each}`).join('\n')}`
        : '',
      `${instruction} Answer with ${params.task === 'tests' ? 'the test file' : 'the new version of this code'} only.`,
    ]
      .filter(Boolean)
      .join('\n\n');
    const rendered = await renderChat(
      session,
      model,
      [
        { role: 'system', content: SYSTEM_PROMPT },
        { role: 'user', content: question },
      ],
      {
        answerStart: `${fence}${params.languageId}\n`,
        withholdThoughts: true,
      },
    );
    if (rendered.tokens.length <= budget)
      return { tokens: rendered.tokens, stop: [...rendered.stop, `\n${fence}`], maxTokens };
    if (surroundingTokens === 0) throw questionTooLong(model, rendered.tokens.length, budget);
    surroundingTokens = surroundingTokens < 64 ? 0 : Math.floor(surroundingTokens / 2);
  }
}

/** Returns some lines before and after the target, for names and types. Each side gets half of the room. */
async function surroundings(session: ModelSession, params: EditParams, tokens: number): Promise<string> {
  if (tokens === 0) return '';
  const before = await lastPart(session, params.before.trimEnd(), Math.floor(tokens / 2));
  const after = await boundText(session, params.after.trim(), Math.floor(tokens / 2));
  const fence = fenceFor(before + after);
  const block = (title: string, code: string): string =>
    code.trim() === '' ? '' : `${title}, not to be repeated:\n${fence}${params.languageId}\n${code}\n${fence}`;
  return [block('Code before it', before), block('Code after it', after)].filter(Boolean).join('\n\n');
}

async function lastPart(session: ModelSession, text: string, tokens: number): Promise<string> {
  const tail = text.slice(-tokens * 8);
  const size = (await session.engine.tokenize(tail)).length;
  if (size <= tokens && tail.length === text.length) return text;
  const units = Math.floor(tail.length * Math.min(1, tokens / Math.max(1, size)) * 0.95);
  const part = tail.slice(tail.length - units);
  return part.slice(part.indexOf('\n') + 1);
}
