import { languageName } from '../language.ts';
import { renderChat } from '../renderChat.ts';
import { translateCode } from '../translate/translateCode.ts';
import type { EditOutcome, EditRun } from './edit.ts';

const SYSTEM_PROMPT = 'You translate comments and texts of a program. You answer with the numbered lines and nothing else.';

/**
 * Translates comments and strings of the target, some lines at a time, and puts them into their places. The answer's form is held to one line for
 * each, so that a small model can not lose its place. `undefined` where the language has no grammar: then the code is rewritten as a whole.
 */
export async function translateEdit(run: EditRun): Promise<EditOutcome | undefined> {
  const { params } = run;
  let stopReason: EditOutcome['stopReason'] = 'end';
  const newText = await translateCode(params, async (texts) => {
    if (run.signal?.aborted) return [];
    const answer = await translateLines(run, texts);
    if (answer.stopReason === 'cancelled') stopReason = 'cancelled';
    return texts.map((_, index) => new RegExp(`^${index + 1}\\. (.*)$`, 'm').exec(answer.text)?.[1] ?? '');
  });
  return newText === undefined ? undefined : { newText, stopReason: run.signal?.aborted ? 'cancelled' : stopReason };
}

async function translateLines({ session, model, params, sequence, onChunk, signal }: EditRun, texts: readonly string[]): Promise<EditOutcome & { readonly text: string }> {
  const language = languageName(params.language ?? 'en');
  const lines = texts.map((text, index) => `${index + 1}. ${text}`).join('\n');
  const question = `Translate each line into ${language}. Keep the numbers, and names, code and placeholders as they are.\n\n${lines}`;
  const { tokens, stop } = await renderChat(session, model, [{ role: 'system', content: SYSTEM_PROMPT }, { role: 'user', content: question }]);
  const needed = (await session.engine.tokenize(lines)).length * 4 + 32;
  const result = await session.engine.generate(
    {
      sequence, priority: 'chat', tokens, maxTokens: Math.max(1, Math.min(needed, model.contextSizeTokens - tokens.length)), sampling: { temperature: 0 }, grammar: lineGrammar(texts.length),
      ...(stop.length > 0 ? { stop } : {}),
    },
    {
      onChunk: ({ text }) => {
        if (text !== '') onChunk({ text });
      },
      ...(signal ? { signal } : {}),
    },
  );
  return { newText: '', stopReason: result.stopReason, text: result.text };
}

/** GBNF: as many numbered lines, none empty. */
function lineGrammar(count: number): string {
  const lines = Array.from({ length: count }, (_, index) => `"${index + 1}. " text${index + 1 < count ? ' "\\n"' : ''}`);
  return `root ::= ${lines.join(' ')}\ntext ::= [^\\n ] [^\\n]*`;
}
