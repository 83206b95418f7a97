import type { Engine } from '../engine/engine.ts';
import type { EngineGenerateParams, EngineGenerateResult } from '../protocol/engine.ts';
import type { StopRule } from './stopping.ts';

export interface GeneratedText {
  /** Without the text that the prompt's healing took back. */
  readonly text: string;
  /** The model ended by itself or the stop rule did; otherwise the text was cut off by a limit. */
  readonly ended: boolean;
  readonly result: EngineGenerateResult;
}

export interface GenerateOptions {
  readonly signal: AbortSignal;
  readonly stopRule: StopRule;
  /** What healing took back: the beginning of the required text that is in the document already. */
  readonly takenBack: string;
  /** Told of whatever the engine did, aborted or not; of nothing where it failed. */
  readonly onResult?: (result: EngineGenerateResult | undefined) => void;
  /** New text, without what healing took back. */
  readonly onText?: (text: string) => void;
}

/**
 * Generates until the stop rule has what it wants, and takes off what healing took back. Undefined when `signal`
 * aborted.
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
  // The engine may end before the required text is whole (a limit, no such token): then there is nothing of its own.
  const own = text.startsWith(takenBack) ? text.slice(takenBack.length) : '';
  return {
    text: own,
    ended: enough.signal.aborted || result.stopReason === 'end' || result.stopReason === 'stop',
    result,
  };
}
