import type { EngineGenerateResult, LoadedModel } from '../../protocol/engine.ts';
import { declaredName, holdsName } from './declaredName.ts';

/** Smaller models rather write another declaration than the one that they are to fix. */
const SMALL_MODEL_BYTES = 1_000_000_000;

/** Asks the model for an edit, which has to begin with `requiredPrefix`. */
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
 * Asks for a fix that keeps the declaration: small models are held to its first line as it is, others to the name in
 * it, since some fixes change what stands around that: `async`, what is thrown, what is returned. They are free of both
 * where a problem is reported in that line.
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
  // A server begins no answer as required.
  const name = model.engine !== 'server' && model.sizeBytes >= SMALL_MODEL_BYTES ? declaredName(head) : undefined;
  const free = name === undefined ? undefined : await generateNamed(generate, name, onText, signal);
  return free ?? generate(onText, signal, head);
}

/**
 * An answer whose first line has the name in it. `undefined` as soon as it has not; nothing of it is given to `onText`
 * then.
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
