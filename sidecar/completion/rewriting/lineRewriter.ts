import { MAX_TIMER_MS } from '../../common/maxTimer.ts';
import type { Engine } from '../../engine/engine.ts';
import type { LineChange } from '../../nextEdits/rewriting/lineChange.ts';
import type { Rewriting, Sureness } from '../../nextEdits/rewriting/rewriteGate.ts';
import type { EngineGenerateParams, EngineGenerateResult, TokenLikelihood } from '../../protocol/engine.ts';
import { rewritePrompt } from './rewritePrompt.ts';

interface RewriteRequest {
  /** The user's last edits, the oldest first. */
  readonly edits: readonly LineChange[];
  /** The line as it is, with its indentation. */
  readonly line: string;
  readonly languageId: string;
  /** The name of the engine's sequence. */
  readonly sequence: string;
  /** The model writes only where its first other token leads by so much. */
  readonly leastLeadNats: number;
  readonly limitMs: number;
}

/** The most tokens of a line. */
const MAX_LINE_TOKENS = 63;
/** An empty line follows each line of the prompt. Its end is often one token with the line's end. */
const BEHIND_LINE = '\n\n';
const MAX_PROMPT_TOKENS = 1024;

/**
 * Lets the model write a line anew. First the present line is scored in the same context. Only where the model clearly
 * prefers another token than the present one, it writes the rest of the line. Resolves with `undefined` otherwise, if
 * the engine is busy or slow, and if `signal` aborts. Rejects with `TroubleError`.
 */
export async function rewriteLine(
  engine: Engine,
  request: RewriteRequest,
  signal: AbortSignal,
): Promise<Rewriting | undefined> {
  const { edits, line, languageId } = request;
  const endsAt = performance.now() + request.limitMs;
  const [prompt, present] = await Promise.all([
    engine.tokenize(rewritePrompt(edits, line, languageId), { special: false }),
    engine.tokenize(line + BEHIND_LINE, { special: false }),
  ]);
  if (present.length > MAX_LINE_TOKENS || prompt.length > MAX_PROMPT_TOKENS) return undefined;
  const generate = (params: GivenParams): Promise<EngineGenerateResult> =>
    engine.generate(
      {
        sequence: request.sequence,
        priority: 'background',
        isExpendable: true,
        sampling: { temperature: 0 },
        timeoutMs: Math.min(MAX_TIMER_MS, Math.max(1, Math.round(endsAt - performance.now()))),
        ...params,
      },
      { signal },
    );
  const { expected } = await generate({ tokens: prompt, expected: present, maxTokens: 0 });
  const at = expected?.findIndex(({ best }, index) => best !== present[index]) ?? -1;
  if (expected === undefined || at < 0 || signal.aborted || leadOf(expected, at) < request.leastLeadNats)
    return undefined;
  const kept = present.slice(0, at);
  const written = await generate({
    tokens: [...prompt, ...kept],
    probabilities: true,
    maxTokens: MAX_LINE_TOKENS,
    stop: ['\n'],
  });
  if (written.stopReason !== 'stop' && written.stopReason !== 'end') return undefined;
  const head = await engine.detokenize(kept);
  // Some tokenizers drop a text's leading space.
  if (!line.startsWith(head)) return undefined;
  return { present: line, text: (head + written.text).trimEnd(), sureness: surenessOf(expected, at, written) };
}

type GivenParams = Pick<EngineGenerateParams, 'tokens' | 'expected' | 'probabilities' | 'maxTokens' | 'stop'>;

function leadOf(expected: readonly TokenLikelihood[], at: number): number {
  const { nats, bestNats } = expected[at] as TokenLikelihood;
  return nats - bestNats;
}

/** Compares what was written behind the first token that differs with the rest of the present line. */
function surenessOf(expected: readonly TokenLikelihood[], at: number, { nats = [] }: EngineGenerateResult): Sureness {
  const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0);
  return {
    leadNats: leadOf(expected, at),
    gainNats: sum(expected.slice(at).map((each) => each.nats)) - sum(nats),
    worstNats: Math.max(0, ...nats),
  };
}
