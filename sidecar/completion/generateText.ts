import type { Engine } from '../engine/engine.ts';
import type { EngineGenerateParams, EngineGenerateResult } from '../protocol/engine.ts';
import type { StopRule } from './stopping.ts';

export interface GeneratedText {
  /** The text without the part that token healing took back. */
  readonly text: string;
  /** Whether the model or the stop rule ended the text. Otherwise a limit cut it off. */
  readonly ended: boolean;
  readonly result: EngineGenerateResult;
}

export interface GenerateOptions {
  readonly signal: AbortSignal;
  readonly stopRule: StopRule;
  /** The text that token healing took back. The required text begins with it, and the document already has it. */
  readonly takenBack: string;
  /** Called with the engine's result, also after an abort. Called with `undefined` if the engine failed. */
  readonly onResult?: (result: EngineGenerateResult | undefined) => void;
  /** Called with new text, without the part that token healing took back. */
  readonly onText?: (text: string) => void;
}

/**
 * Generates until the stop rule is satisfied, and removes the text that token healing took back. Returns `undefined` if
 * `signal` aborted.
 */
export async function generateText(
  engine: Engine,
  params: Omit<EngineGenerateParams, 'requestId'>,
  options: GenerateOptions,
): Promise<GeneratedText | undefined> {
  const { takenBack } = options;
  const enough = new AbortController();
  let whole = '';
  const onChunk = ({ text }: { text: string }): void => {
    if (enough.signal.aborted) return;
    const told = Math.max(0, whole.length - takenBack.length);
    whole += text;
    const own = whole.slice(takenBack.length);
    if (own.length > told) options.onText?.(own.slice(told));
    if (options.stopRule(own)) enough.abort();
  };
  let result: EngineGenerateResult | undefined;
  try {
    result = await engine.generate(params, { onChunk, signal: AbortSignal.any([options.signal, enough.signal]) });
  } finally {
    options.onResult?.(result);
  }
  if (options.signal.aborted) return undefined;
  const text = enough.signal.aborted ? whole : result.text;
  // The engine may end before the required text is complete (a limit, no such token). Then there is no new text.
  const own = text.startsWith(takenBack) ? text.slice(takenBack.length) : '';
  return {
    text: own,
    ended: enough.signal.aborted || result.stopReason === 'end' || result.stopReason === 'stop',
    result,
  };
}
