import { readFile } from 'node:fs/promises';
import { differingTokens } from '../../../sidecar/common/commonPrefix.ts';
import type { Engine, ModelSession } from '../../../sidecar/engine/engine.ts';
import type { EngineGenerateResult } from '../../../sidecar/protocol/engine.ts';

/** What an engine was asked for and did, in counts. */
export interface EngineCounts {
  readonly requests: number;
  /** Of these, the ones that somebody waited for. */
  readonly waitedRequests: number;
  /** Of the prompts, the tokens that were evaluated while somebody waited, and ahead of that. */
  readonly evaluatedTokens: number;
  readonly aheadTokens: number;
  /**
   * Of the evaluated ones, those that the model had not read with a prompt before: text that came in with the request.
   */
  readonly newTokens: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
}

/**
 * A session whose engine counts what it does for `priority` 'completion', and what it does ahead, while it
 * `isCounting`; `onRequest` is told a line of each.
 */
export function countingSession(
  session: ModelSession,
  onRequest?: (line: string) => void,
): { session: ModelSession; counts: () => EngineCounts; isCounting: (now: boolean) => void } {
  const counts = {
    requests: 0,
    waitedRequests: 0,
    evaluatedTokens: 0,
    aheadTokens: 0,
    newTokens: 0,
    promptTokens: 0,
    generatedTokens: 0,
  };
  /** By sequence. */
  const read = new Map<string, readonly number[]>();
  let counting = true;
  const count = (params: Parameters<Engine['generate']>[0], result: EngineGenerateResult): void => {
    counts.requests++;
    counts.generatedTokens += result.tokens.length;
    if (params.priority !== 'completion') counts.aheadTokens += result.evaluatedTokens;
    else {
      counts.waitedRequests++;
      counts.evaluatedTokens += result.evaluatedTokens;
      counts.promptTokens += params.tokens.length;
      counts.newTokens += newTokens([...read.values()], params.tokens);
    }
  };
  const generate: Engine['generate'] = async (params, options) => {
    const result: EngineGenerateResult = await session.engine.generate(params, options);
    if (counting) count(params, result);
    if (onRequest) {
      const { evaluatedTokens, reusedTokens, promptMs, generateMs, stopReason } = result;
      onRequest(
        `${params.priority}: ${params.tokens.length} tokens, ${newTokens([...read.values()], params.tokens)} new, ${reusedTokens} reused, ${evaluatedTokens} evaluated in ${Math.round(promptMs)} ms, ${result.tokens.length} generated in ${Math.round(generateMs)} ms, ${stopReason}`,
      );
    }
    // Text that came in with a request that was cancelled before it was evaluated is new to the next. One that was
    // cancelled before its turn changed nothing.
    const readTokens = result.reusedTokens + result.evaluatedTokens;
    if (readTokens > 0) read.set(result.sequence ?? params.sequence, params.tokens.slice(0, readTokens));
    return result;
  };
  const engine = new Proxy(session.engine, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (property === 'generate') return generate;
      return typeof value === 'function' ? (value as (...parameters: unknown[]) => unknown).bind(target) : value;
    },
  });
  return {
    session: { engine, loaded: session.loaded, model: () => session.model() },
    counts: () => ({ ...counts }),
    isCounting: (now) => (counting = now),
  };
}

/**
 * Tokens of a prompt between what its beginning and its end share with what was read of another: the fewest that a
 * cache which loses nothing has to evaluate.
 */
export function newTokens(others: readonly (readonly number[])[], prompt: readonly number[]): number {
  return Math.max(1, Math.min(prompt.length, ...others.map((other) => differingTokens(prompt, other))));
}

/** Seconds that a process used the processor, all threads together. `undefined` where the system does not say. */
export async function processorSeconds(pid: number | undefined): Promise<number | undefined> {
  const text = pid === undefined ? '' : await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Behind the name, which may have spaces: user and system time are the 12th and 13th, in hundredths.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' ? undefined : (Number(fields[11]) + Number(fields[12])) / 100;
}
