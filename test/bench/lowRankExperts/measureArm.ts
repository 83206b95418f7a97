import { logProbability } from '../../../sidecar/models/decoding/logSumExp.ts';
import { filledLines } from '../../../sidecar/learning/filledLines.ts';
import { inParallel, openForBench, type BenchNetworks } from '../bundled/benchNetworks.ts';
import type { DomainText } from './domains.ts';

/** The measures of one text. */
export interface TextScore {
  readonly nats: number;
  readonly bytes: number;
  readonly lines: number;
  /** Lines of which every token is the likeliest. */
  readonly filled: number;
}

const MAX_TOKENS = 2_048;
const CHUNK_TOKENS = 128;

/** Predicts each token of texts with the tokens before it given. */
export async function measureArm(
  modelPath: string,
  adapter: string | undefined,
  texts: readonly DomainText[],
): Promise<readonly TextScore[]> {
  await using opened = await openForBench(
    { file: modelPath, ...(adapter === undefined ? {} : { experts: adapter }) },
    { capacityTokens: MAX_TOKENS },
  );
  const scores = new Map<DomainText, TextScore>();
  await inParallel(texts, opened.networks, async (text, network) => {
    scores.set(text, await scoreOf(text, opened, network));
  });
  return texts.map((text) => scores.get(text) as TextScore);
}

async function scoreOf(
  { text }: DomainText,
  { text: model }: BenchNetworks,
  { network, sequence, model: { hyperparameters } }: BenchNetworks['networks'][number],
): Promise<TextScore> {
  const { vocabularySize } = hyperparameters;
  const { bos, eos, addBos } = model.special;
  const tokens = model.tokenize(text, false).slice(0, MAX_TOKENS - 1);
  const start = (addBos ? bos : undefined) ?? eos;
  if (start === undefined) throw new Error(`${model.name} has no token for the end of a text.`);
  const given = [start, ...tokens.slice(0, -1)];
  sequence.truncate(0);
  sequence.adapterSet = 'completion';
  let nats = 0;
  const scored: { token: number; text: string; best: number; bestText: string }[] = [];
  for (let first = 0; first < given.length; first += CHUNK_TOKENS) {
    const chunk = given.slice(first, first + CHUNK_TOKENS);
    const logits = await network.evaluate(sequence, chunk, 'all');
    for (let row = 0; row < chunk.length; row++) {
      const own = logits.subarray(row * vocabularySize, (row + 1) * vocabularySize);
      const token = tokens[first + row] as number;
      nats -= logProbability(own, token);
      const best = likeliest(own);
      scored.push({ token, text: model.detokenize([token]), best, bestText: model.detokenize([best]) });
    }
  }
  const lines = filledLines(scored).filter((line) => line.text.trim() !== '');
  return {
    nats,
    bytes: Buffer.byteLength(model.detokenize(tokens)),
    lines: lines.length,
    filled: lines.filter(({ isFilled }) => isFilled).length,
  };
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++)
    if ((logits[token] as number) > (logits[best] as number)) best = token;
  return best;
}
