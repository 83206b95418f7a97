import { readCursor } from '../completion/cursor.ts';
import { PromptMaker } from '../completion/prompt/promptMaker.ts';
import type { CompletionRequest } from '../completion/request.ts';
import type { Engine } from '../engine/engine.ts';
import type { Measuring } from '../engine/measuring.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { languageIdOf } from '../syntax/languageIds.ts';
import { filledLines, type ScoredToken } from './filledLines.ts';
import type { FillWindow } from './fillWindows.ts';

/** How well a model fills a window. */
export interface FillScore {
  readonly path: string;
  /** Of all tokens together. */
  readonly nats: number;
  readonly tokens: number;
  /** The lines with visible text, and how many of them the model would have written. */
  readonly lines: number;
  readonly filled: number;
}

export interface MeasureFillsOptions {
  readonly engine: Pick<Engine, 'tokenize' | 'detokenize'> & Pick<Measuring, 'score'>;
  readonly model: LoadedModel;
  /** The other files of the workspace. Absent: prompts have none. */
  readonly workspace?: CompletionRequest['workspace'];
  readonly uriOf: (path: string) => string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

/** The most tokens of other files in a prompt. */
const CONTEXT_TOKENS = 768;
/** More tokens than a prompt is healed by. */
const HEALED_TOKENS = 16;
/** Prompts are as long as on a machine that reads this many tokens per second, whatever machine measures. */
const PROMPT_TOKENS_PER_SECOND = 400;

/**
 * Measures how well a model fills windows, with the prompts of completion. Each token is predicted with the tokens
 * before it given. Windows that the context can't hold are left out. Rejects with `TroubleError`.
 */
export async function measureFills(
  windows: readonly FillWindow[],
  options: MeasureFillsOptions,
): Promise<readonly FillScore[]> {
  const { engine, model, signal } = options;
  const prompts = new PromptMaker({
    session: { engine },
    now: () => performance.now(),
    newTokens: (_, tokens) => tokens.length,
    onOtherModel: () => undefined,
    speeds: { of: () => PROMPT_TOKENS_PER_SECOND, note: () => undefined },
  });
  const fim = await prompts.fimOf(model);
  const scores: FillScore[] = [];
  for (const [index, window] of windows.entries()) {
    signal?.throwIfAborted();
    const request = requestOf(window, index, options);
    const cursor = readCursor(request);
    if (cursor === undefined) continue;
    const { length } = await engine.tokenize(window.middle, { special: false });
    const extent = { multiline: true, maxTokens: length + HEALED_TOKENS };
    const prompt = await prompts.make({ request, cursor, model, fim, extent, purpose: 'readingAhead' });
    const expected = await engine.tokenize(prompt.requiredPrefix + window.middle, { special: false });
    if (prompt.tokens.length + expected.length > model.contextSizeTokens) continue;
    const scored = await engine.score({ prompt: prompt.tokens, expected }, { signal });
    const tokens = await Promise.all(
      scored.tokens.map(async ({ best }, place): Promise<ScoredToken> => {
        const token = expected[place] as number;
        const text = await engine.detokenize([token]);
        return { token, text, best, bestText: best === token ? text : await engine.detokenize([best]) };
      }),
    );
    const skipped = prompt.requiredPrefix.split('\n').length - 1;
    const lines = filledLines(tokens)
      .slice(skipped)
      .filter(({ text }) => text.trim() !== '');
    scores.push({
      path: window.path,
      nats: scored.tokens.reduce((sum, { nats }) => sum + nats, 0),
      tokens: scored.tokens.length,
      lines: lines.length,
      filled: lines.filter(({ isFilled }) => isFilled).length,
    });
    options.onProgress?.((index + 1) / windows.length);
  }
  return scores;
}

function requestOf(
  { path, prefix, suffix }: FillWindow,
  index: number,
  { workspace, uriOf }: MeasureFillsOptions,
): CompletionRequest {
  return {
    uri: uriOf(path),
    languageId: languageIdOf(path),
    text: prefix + suffix,
    offset: prefix.length,
    explicit: false,
    clientKey: `learning ${index}`,
    settings: {},
    workspace,
    contextSettings: { maxTokens: workspace === undefined ? 0 : CONTEXT_TOKENS },
  };
}
