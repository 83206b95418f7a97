import { codeBehindFence, fenceFor } from '../fences.ts';
import type { EditOutcome, EditRun } from './editRun.ts';
import { generateFix, type GenerateEdit } from './fixHead.ts';
import { fitToTarget, outdent } from './indentation.ts';
import { rewritePrompt } from './rewrite.ts';
import { translateEdit } from './translateEdit.ts';
import { trimEcho } from './trimEcho.ts';

/**
 * Generates the new code of the target and fits it to its place. The model decodes greedily, so the same code gets the
 * same edit.
 */
export async function edit(run: EditRun): Promise<EditOutcome> {
  const { session, model, params, settings, sequence, onChunk, signal } = run;
  const translated = params.task === 'translate' ? await translateEdit(run) : undefined;
  if (translated) return translated;
  const target = outdent(params.target, params.before);
  const prompt = await rewritePrompt(session, model, params, target, settings.maxTokens);
  const generate: GenerateEdit = (onText, until, requiredPrefix) =>
    session.engine.generate(
      {
        sequence,
        priority: 'chat',
        purpose: 'chat',
        tokens: prompt.tokens,
        maxTokens: prompt.maxTokens,
        sampling: { temperature: 0 },
        stop: prompt.stop,
        ...(requiredPrefix ? { requiredPrefix } : {}),
      },
      {
        onChunk: ({ text }) => {
          if (text !== '') onText(text);
        },
        ...(until ? { signal: until } : {}),
      },
    );
  const onText = (text: string): void => onChunk({ text });
  const result =
    params.task === 'fix'
      ? await generateFix(generate, { model, target: target.text, diagnostics: params.diagnostics }, onText, signal)
      : await generate(onText, signal);
  const code = codeBehindFence(result.text, fenceFor(target.text));
  const newText =
    params.task === 'tests'
      ? `${code}\n`
      : fitToTarget(
          trimEcho(code, { before: params.before, after: params.after, target: target.text }),
          params.target,
          target,
        );
  return { newText, stopReason: result.stopReason };
}
