import { languageName } from '../answerLanguage.ts';
import { renderChat } from '../renderChat.ts';
import { translateCode } from '../translate/translateCode.ts';
import type { EditOutcome, EditRun } from './editRun.ts';

const SYSTEM_PROMPT =
  'You translate comments and texts of a program. You answer with the translation and nothing else.';
/** A GBNF grammar for one line that is not empty. */
const ONE_LINE = 'root ::= [^\\n ] [^\\n]*';

/**
 * Translates comments and strings of the target, line by line, in place. Each line is a request of its own, since small
 * models get lost in numbered lists. Resolves to `undefined` if the language has no grammar; then the code is rewritten
 * as a whole.
 */
export async function translateEdit(run: EditRun): Promise<EditOutcome | undefined> {
  const { params } = run;
  let stopReason: EditOutcome['stopReason'] = 'end';
  const newText = await translateCode(params, async (text) => {
    if (run.signal?.aborted) return '';
    const answer = await translateLine(run, text);
    if (answer.stopReason === 'cancelled') stopReason = 'cancelled';
    // A text cut off by the limit is no translation.
    return answer.stopReason === 'length' ? '' : answer.text;
  });
  return newText === undefined ? undefined : { newText, stopReason: run.signal?.aborted ? 'cancelled' : stopReason };
}

async function translateLine(
  { session, model, params, sequence, onChunk, signal }: EditRun,
  text: string,
): Promise<Pick<EditOutcome, 'stopReason'> & { readonly text: string }> {
  const language = languageName(params.language ?? 'en');
  const question = `Translate this into ${language}. Keep names, code and placeholders as they are.\n\n${text}`;
  const { tokens, stop } = await renderChat(
    session,
    model,
    [
      { role: 'system', content: SYSTEM_PROMPT },
      { role: 'user', content: question },
    ],
    {
      // Thoughts would become the one line.
      withholdThoughts: true,
    },
  );
  const needed = (await session.engine.tokenize(text)).length * 4 + 32;
  return session.engine.generate(
    {
      sequence,
      priority: 'chat',
      purpose: 'chat',
      tokens,
      maxTokens: Math.max(1, Math.min(needed, model.contextSizeTokens - tokens.length)),
      sampling: { temperature: 0 },
      grammar: ONE_LINE,
      ...(stop.length > 0 ? { stop } : {}),
    },
    {
      onChunk: (chunk) => {
        if (chunk.text !== '') onChunk({ text: chunk.text });
      },
      ...(signal ? { signal } : {}),
    },
  );
}
