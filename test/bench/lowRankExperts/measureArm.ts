import { likeliest } from '../../../sidecar/models/decoding/likeliest.ts';
import { logProbability } from '../../../sidecar/models/decoding/logSumExp.ts';
import { filledLines } from '../../../sidecar/learning/filledLines.ts';
import { inParallel, openForBench, type BenchNetworks } from '../bundled/benchNetworks.ts';
import { eachPrediction, textStart } from '../bundled/eachPrediction.ts';
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

/** Predicts each token of texts with the tokens before it given. */
export async function measureArm(
  modelPath: string,
  adapters: readonly string[],
  texts: readonly DomainText[],
): Promise<readonly TextScore[]> {
  await using opened = await openForBench({ file: modelPath, adapters }, { capacityTokens: MAX_TOKENS });
  const scores = new Map<DomainText, TextScore>();
  await inParallel(texts, opened.networks, async (text, network) => {
    scores.set(text, await scoreOf(text, opened, network));
  });
  return texts.map((text) => scores.get(text) as TextScore);
}

async function scoreOf(
  { text }: DomainText,
  { text: model }: BenchNetworks,
  network: BenchNetworks['networks'][number],
): Promise<TextScore> {
  const tokens = model.tokenize(text, false).slice(0, MAX_TOKENS - 1);
  network.sequence.truncate(0);
  network.sequence.adapterSet = 'completion';
  let nats = 0;
  const scored: { token: number; text: string; best: number; bestText: string }[] = [];
  await eachPrediction(network, textStart(model), tokens, (logits, token) => {
    nats -= logProbability(logits, token);
    const best = likeliest(logits);
    scored.push({ token, text: model.detokenize([token]), best, bestText: model.detokenize([best]) });
  });
  const lines = filledLines(scored).filter((line) => line.text.trim() !== '');
  return {
    nats,
    bytes: Buffer.byteLength(model.detokenize(tokens)),
    lines: lines.length,
    filled: lines.filter(({ isFilled }) => isFilled).length,
  };
}
