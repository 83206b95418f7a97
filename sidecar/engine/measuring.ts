import { open } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { checkTokens, LOGIT_ROWS, readPrompt, type Evaluator } from '../models/evaluator.ts';
import type {
  BenchParams,
  BenchResult,
  LogitsParams,
  LogitsResult,
  PerplexityParams,
  PerplexityResult,
  ScoreParams,
  ScoreResult,
  TokenId,
} from '../protocol/engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import { likeliest } from '../models/decoding/likeliest.ts';
import { logProbability } from '../models/decoding/logSumExp.ts';

/** Measures a loaded model. */
export interface Measuring {
  /** Writes one row of little-endian float32 logits per token. Rejects with `TroubleError`. */
  logits(params: LogitsParams, options?: { signal?: AbortSignal }): Promise<LogitsResult>;
  /** Measures perplexity by llama.cpp's protocol, on the second half of each chunk. Rejects with `TroubleError`. */
  perplexity(params: PerplexityParams, options?: { signal?: AbortSignal }): Promise<PerplexityResult>;
  /** Scores tokens behind a prompt. Rejects with `TroubleError`. */
  score(params: ScoreParams, options?: { signal?: AbortSignal }): Promise<ScoreResult>;
  /** Measures the speed of prompts and decoding at depths, as llama-bench does. Rejects with `TroubleError`. */
  bench(params: BenchParams, options?: { signal?: AbortSignal }): Promise<BenchResult>;
}

export async function writeLogits(
  evaluator: Evaluator,
  { tokens, outputPath }: LogitsParams,
  signal?: AbortSignal,
): Promise<LogitsResult> {
  checkTokens(evaluator, tokens);
  const { wholeTokens = Infinity } = evaluator;
  if (tokens.length > wholeTokens)
    throw new TroubleError(
      'invalid-input',
      `Logits are of texts that are attended whole, and of ${tokens.length} tokens this cache keeps ${wholeTokens} rows. Choose the cache "full", or a text of no more tokens.`,
    );
  const file = await open(outputPath, 'w');
  try {
    evaluator.reset();
    for (let start = 0; start < tokens.length; start += LOGIT_ROWS) {
      signal?.throwIfAborted();
      const rows = await evaluator.evaluate(tokens.slice(start, start + LOGIT_ROWS), 'all');
      await file.write(Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength));
    }
  } finally {
    await file.close();
  }
  return { rows: tokens.length, vocabularySize: evaluator.vocabularySize };
}

export async function measurePerplexity(
  evaluator: Evaluator,
  { contextTokens }: PerplexityParams,
  { tokens, bos, signal }: { tokens: readonly TokenId[]; bos?: TokenId; signal?: AbortSignal },
): Promise<PerplexityResult> {
  const chunks = Math.floor(tokens.length / contextTokens);
  if (contextTokens > evaluator.contextSizeTokens) {
    throw new TroubleError(
      'context-overflow',
      `Chunks of ${contextTokens} tokens do not fit into the context of ${evaluator.contextSizeTokens}.`,
    );
  }
  if (chunks === 0)
    throw new TroubleError(
      'invalid-input',
      `The text has ${tokens.length} tokens, less than one chunk of ${contextTokens}.`,
    );
  const first = Math.floor(contextTokens / 2);
  checkRoom(evaluator, { promptTokens: first, followingTokens: contextTokens - 1 - first, option: '--ctx' });
  let sum = 0;
  let count = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const truth = tokens.slice(chunk * contextTokens, (chunk + 1) * contextTokens);
    // As in llama.cpp each chunk begins with the BOS token, if the model uses one.
    const given = bos === undefined ? truth : [bos, ...truth.slice(1)];
    evaluator.reset();
    await readPrompt(evaluator, given.slice(0, first), signal);
    for (let start = first; start < contextTokens - 1; start += LOGIT_ROWS) {
      signal?.throwIfAborted();
      const end = Math.min(contextTokens - 1, start + LOGIT_ROWS);
      const rows = await evaluator.evaluate(given.slice(start, end), 'all');
      for (let position = start; position < end; position++) {
        const row = rows.subarray(
          (position - start) * evaluator.vocabularySize,
          (position - start + 1) * evaluator.vocabularySize,
        );
        sum -= logProbability(row, truth[position + 1] as TokenId);
        count++;
      }
    }
  }
  return { perplexity: Math.exp(sum / count), chunks, tokens: count };
}

export async function scoreTokens(
  evaluator: Evaluator,
  { prompt, expected, purpose }: ScoreParams,
  signal?: AbortSignal,
): Promise<ScoreResult> {
  checkTokens(evaluator, [...prompt, ...expected]);
  if (prompt.length === 0 || expected.length === 0)
    throw new TroubleError(
      'invalid-input',
      `There are ${prompt.length} tokens of a prompt and ${expected.length} expected tokens. At least one of each is needed.`,
    );
  // The last token of the prompt predicts the first expected one.
  const given = [...prompt.slice(-1), ...expected.slice(0, -1)];
  const before = prompt.slice(0, -1);
  checkRoom(evaluator, {
    promptTokens: before.length,
    followingTokens: given.length,
    option: 'number of expected tokens',
  });
  evaluator.reset(purpose);
  if (before.length > 0) await readPrompt(evaluator, before, signal);
  const { vocabularySize } = evaluator;
  const tokens: ScoreResult['tokens'][number][] = [];
  for (let start = 0; start < given.length; start += LOGIT_ROWS) {
    signal?.throwIfAborted();
    const part = given.slice(start, start + LOGIT_ROWS);
    const rows = await evaluator.evaluate(part, 'all');
    for (let row = 0; row < part.length; row++) {
      const logits = rows.subarray(row * vocabularySize, (row + 1) * vocabularySize);
      tokens.push({ nats: -logProbability(logits, expected[start + row] as TokenId), best: likeliest(logits) });
    }
  }
  return { tokens };
}

export async function measureSpeed(
  evaluator: Evaluator,
  { promptTokens, decodeTokens, depths }: BenchParams,
  signal?: AbortSignal,
): Promise<BenchResult> {
  const deepest = Math.max(...depths) + Math.max(promptTokens, decodeTokens);
  if (deepest > evaluator.contextSizeTokens)
    throw new TroubleError(
      'context-overflow',
      `${deepest} tokens do not fit into the context of ${evaluator.contextSizeTokens}. Choose --context-size.`,
    );
  for (const depth of depths)
    checkRoom(evaluator, { promptTokens: depth, followingTokens: decodeTokens, option: '--decode' });
  const tokens = Array.from({ length: deepest }, (_, index) => (index * 7919 + 13) % evaluator.vocabularySize);
  const results: { test: 'prompt' | 'decode'; tokens: number; depth: number; tokensPerSecond: number }[] = [];
  // The first evaluation of each size allocates memory.
  evaluator.reset();
  await readPrompt(evaluator, tokens.slice(0, Math.max(1, promptTokens)), signal);
  evaluator.reset();
  await evaluator.evaluate(tokens.slice(0, 1), 'last');
  for (const depth of depths) {
    for (const test of ['prompt', 'decode'] as const) {
      const count = test === 'prompt' ? promptTokens : decodeTokens;
      if (count === 0) continue;
      evaluator.reset();
      await readPrompt(evaluator, tokens.slice(0, depth), signal);
      const start = performance.now();
      if (test === 'prompt') await readPrompt(evaluator, tokens.slice(depth, depth + count), signal);
      else for (const token of tokens.slice(depth, depth + count)) await evaluator.evaluate([token], 'last');
      results.push({ test, tokens: count, depth, tokensPerSecond: (count * 1000) / (performance.now() - start) });
    }
  }
  return { results };
}

/** Throws `TroubleError` if a cache that keeps some rows of a prompt has too few left for the tokens that follow. */
function checkRoom(
  evaluator: Evaluator,
  {
    promptTokens,
    followingTokens,
    option,
  }: { readonly promptTokens: number; readonly followingTokens: number; readonly option: string },
): void {
  const room = evaluator.roomBehind?.(promptTokens) ?? Infinity;
  if (followingTokens > room)
    throw new TroubleError(
      'context-overflow',
      `Behind a prompt of ${promptTokens} tokens the cache has room for ${room}, and ${followingTokens} are to follow. Choose a smaller ${option}.`,
    );
}
