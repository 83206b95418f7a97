import { readFile } from 'node:fs/promises';
import { differingTokens } from '../../../sidecar/common/commonPrefix.ts';
import type { Engine, ModelSession } from '../../../sidecar/engine/engine.ts';
import type { EngineGenerateResult } from '../../../sidecar/protocol/engine.ts';

/** The requests and the work of an engine, in counts. */
export interface EngineCounts {
  readonly requests: number;
  /** The requests whose answer the user waited for. */
  readonly waitedRequests: number;
  /** The prompt tokens that were evaluated while the user waited, and those evaluated ahead. */
  readonly evaluatedTokens: number;
  readonly aheadTokens: number;
  /** The evaluated tokens that the model had not read in an earlier prompt: text that came with the request. */
  readonly newTokens: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
}

/**
 * Returns a session whose engine counts its work for `priority` 'completion' and its work ahead, while `isCounting`.
 * Calls `onRequest` with a line about each request.
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
  /** The tokens read so far, by sequence. */
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
    // Text of a request that was cancelled before its evaluation is new to the next request. A request that was
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
 * Returns the number of a prompt's tokens between the common beginning and the common end with the closest earlier
 * prompt. It is the minimum that a lossless cache has to evaluate.
 */
function newTokens(others: readonly (readonly number[])[], prompt: readonly number[]): number {
  return Math.max(1, Math.min(prompt.length, ...others.map((other) => differingTokens(prompt, other))));
}

/**
 * Returns the seconds of processor time of a process, over all threads. Returns `undefined` if the system does not
 * report it.
 */
export async function processorSeconds(pid: number | undefined): Promise<number | undefined> {
  const text = pid === undefined ? '' : await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // After the name, which may contain spaces: user and system time are the 12th and 13th field, in hundredths.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' ? undefined : (Number(fields[11]) + Number(fields[12])) / 100;
}
