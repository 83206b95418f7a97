import { MAX_TIMER_MS } from '../../common/maxTimer.ts';
import type { Engine } from '../../engine/engine.ts';
import type { LineChange } from '../../nextEdits/rewriting/lineChange.ts';
import type { Rewriting, Sureness } from '../../nextEdits/rewriting/rewriteGate.ts';
import { sameChange } from '../../nextEdits/rewriting/sameChange.ts';
import type { EngineGenerateParams, EngineGenerateResult, TokenId, TokenLikelihood } from '../../protocol/engine.ts';
import { rewritePrompt } from './rewritePrompt.ts';

interface RewriteRequest {
  /** The user's last edit. */
  readonly edit: LineChange;
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
  const { edit, line, languageId } = request;
  const endsAt = performance.now() + request.limitMs;
  const [prompt, present, guess] = await Promise.all([
    engine.tokenize(rewritePrompt([edit], line, languageId), { special: false }),
    engine.tokenize(line + BEHIND_LINE, { special: false }),
    engine.tokenize(sameChange(edit, line) + BEHIND_LINE, { special: false }),
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
  // Some tokenizers drop a text's leading space.
  if (!line.startsWith(await engine.detokenize(kept))) return undefined;
  const isGuess = kept.every((token, index) => guess[index] === token) && guess[at] === expected[at]?.best;
  const rest = await writeRest({ generate, engine }, [...prompt, ...kept], isGuess ? guess.slice(at) : []);
  if (rest === undefined) return undefined;
  const text = (await engine.detokenize([...kept, ...rest.guessed])) + rest.text;
  return { present: line, text: text.trimEnd(), sureness: surenessOf(expected, at, rest.nats) };
}

interface Written {
  /** The tokens of the guess that the model writes too, and the text behind them. */
  readonly guessed: readonly TokenId[];
  readonly text: string;
  readonly nats: readonly number[];
}

/**
 * Writes the rest of a line. One evaluation tells how much of the guess the model writes too, so only the tokens behind
 * that are written one by one. Resolves with `undefined` if the line does not end.
 */
async function writeRest(
  { generate, engine }: { readonly generate: Generate; readonly engine: Engine },
  tokens: readonly TokenId[],
  guess: readonly TokenId[],
): Promise<Written | undefined> {
  const { expected: scored = [] } = guess.length > 0 ? await generate({ tokens, expected: guess, maxTokens: 0 }) : {};
  const differsAt = scored.findIndex(({ best }, index) => best !== guess[index]);
  const guessed = guess.slice(0, differsAt < 0 ? scored.length : differsAt);
  const nats = scored.slice(0, guessed.length).map((each) => each.nats);
  if (guessed.length > 0 && (await engine.detokenize(guessed)).includes('\n')) return { guessed, text: '', nats };
  const written = await generate({
    tokens: [...tokens, ...guessed],
    probabilities: true,
    maxTokens: MAX_LINE_TOKENS,
    stop: ['\n'],
  });
  if (written.stopReason !== 'stop' && written.stopReason !== 'end') return undefined;
  return { guessed, text: written.text, nats: [...nats, ...(written.nats ?? [])] };
}

type Generate = (params: GivenParams) => Promise<EngineGenerateResult>;
type GivenParams = Pick<EngineGenerateParams, 'tokens' | 'expected' | 'probabilities' | 'maxTokens' | 'stop'>;

function leadOf(expected: readonly TokenLikelihood[], at: number): number {
  const { nats, bestNats } = expected[at] as TokenLikelihood;
  return nats - bestNats;
}

/** Compares what was written behind the first token that differs with the rest of the present line. */
function surenessOf(expected: readonly TokenLikelihood[], at: number, nats: readonly number[]): Sureness {
  const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0);
  return {
    leadNats: leadOf(expected, at),
    gainNats: sum(expected.slice(at).map((each) => each.nats)) - sum(nats),
    worstNats: Math.max(0, ...nats),
  };
}
