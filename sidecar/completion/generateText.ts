import type { Engine } from '../engine/engine.ts';
import type { EngineGenerateParams, EngineGenerateResult } from '../protocol/engine.ts';
import type { StopRule } from './stopping.ts';

export interface GeneratedText {
  /** Without the text that the prompt's healing required. */
  readonly text: string;
  /** The model ended by itself or the stop rule did; otherwise the text was cut off by a limit. */
  readonly ended: boolean;
  readonly result: EngineGenerateResult;
}

export interface GenerateOptions {
  readonly signal: AbortSignal;
  readonly stopRule: StopRule;
  /** New text, without what healing required. */
  readonly onText?: (text: string) => void;
}

/** Generates until the stop rule has what it wants, and takes the required prefix off. Undefined when `signal` aborted. */
export async function generateText(engine: Engine, params: Omit<EngineGenerateParams, 'requestId'>, options: GenerateOptions): Promise<GeneratedText | undefined> {
  const required = params.requiredPrefix ?? '';
  const enough = new AbortController();
  let whole = '';
  const onChunk = ({ text }: { text: string }): void => {
    if (enough.signal.aborted) return;
    const told = Math.max(0, whole.length - required.length);
    whole += text;
    const own = whole.slice(required.length);
    if (own.length > told) options.onText?.(own.slice(told));
    if (options.stopRule(own)) enough.abort();
  };
  const result = await engine.generate(params, { onChunk, signal: AbortSignal.any([options.signal, enough.signal]) });
  if (options.signal.aborted) return undefined;
  const text = enough.signal.aborted ? whole : result.text;
  // The engine may end before the required text is whole (a limit, no such token): then there is nothing of its own.
  const own = text.startsWith(required) ? text.slice(required.length) : '';
  return { text: own, ended: enough.signal.aborted || result.stopReason === 'end' || result.stopReason === 'stop', result };
}
