import type { EngineGenerateResult, LoadedModel } from '../../protocol/engine.ts';
import { declaredName, holdsName } from './declaredName.ts';

/** Smaller models tend to write another declaration instead of fixing the given one. */
const SMALL_MODEL_BYTES = 1_000_000_000;

/** Generates an edit that must begin with `requiredPrefix`. */
export type GenerateEdit = (
  onText: (text: string) => void,
  signal: AbortSignal | undefined,
  requiredPrefix?: string,
) => Promise<EngineGenerateResult>;

export interface Fix {
  readonly model: LoadedModel;
  readonly target: string;
  readonly diagnostics: readonly string[] | undefined;
}

/**
 * Generates a fix that keeps the declaration. Small models must keep its first line. Others must keep its name, since
 * some fixes change the rest: `async`, errors, the return type. Both rules are off if a problem is reported in that
 * line.
 */
export async function generateFix(
  generate: GenerateEdit,
  { model, target, diagnostics }: Fix,
  onText: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<EngineGenerateResult> {
  const end = target.indexOf('\n');
  const isFree = end < 0 || !diagnostics?.length || diagnostics.some((each) => /^line 1:/i.test(each));
  if (isFree) return generate(onText, signal);
  const head = target.slice(0, end + 1);
  // A server cannot be made to begin its answer with a given text.
  const name = model.engine !== 'server' && model.sizeBytes >= SMALL_MODEL_BYTES ? declaredName(head) : undefined;
  const free = name === undefined ? undefined : await generateNamed(generate, name, onText, signal);
  return free ?? generate(onText, signal, head);
}

/**
 * Generates an answer whose first line contains the name. Resolves to `undefined` as soon as it does not, and then
 * passes no text to `onText`.
 */
async function generateNamed(
  generate: GenerateEdit,
  name: string,
  onText: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<EngineGenerateResult | undefined> {
  const lost = new AbortController();
  let held = '';
  let isNamed = false;
  const decide = (): void => {
    isNamed = holdsName(held.trimStart().split('\n')[0] ?? '', name);
    if (isNamed) onText(held);
    else lost.abort();
  };
  const hold = (text: string): void => {
    if (isNamed) return onText(text);
    held += text;
    if (held.trimStart().includes('\n')) decide();
  };
  const result = await generate(hold, signal ? AbortSignal.any([signal, lost.signal]) : lost.signal);
  if (signal?.aborted) return result;
  if (!isNamed && !lost.signal.aborted) decide();
  return isNamed ? result : undefined;
}
