import { createHash } from 'node:crypto';
import { logProbability } from '../../../sidecar/models/decoding/logSumExp.ts';
import type { OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { inParallel, openForBench, type BenchNetworks } from './benchNetworks.ts';
import type { BitText } from './bitTexts.ts';
import { eachPrediction, textStart } from './eachPrediction.ts';
import type { BenchModel } from './models.ts';
import type { Deadline } from '../kept/deadline.ts';
import type { KeptResults } from '../kept/keptResults.ts';
import { openKept, type KeptTask } from '../kept/keptTask.ts';
import { shuffled } from '../shuffled.ts';

export interface BitResult {
  readonly id: string;
  /** The negative log-likelihood of the whole text, after an end-of-text mark or the question. */
  readonly nats: number;
  /** The size of the text in UTF-8, which does not depend on the vocabulary. */
  readonly bytes: number;
  readonly tokens: number;
  /** The digest of the text and its question. */
  readonly digest: string;
}

/** The only way to ask. */
export const bitVariant = 'chunks';

export const bitTask: KeptTask<BitResult> = {
  page: 'bundled-model',
  name: 'bits',
  settings: ['whole texts'],
  valueOf: ({ nats, bytes, tokens, digest }) => [nats.toFixed(4), bytes, tokens, digest].join(' '),
  resultOf: (id, value) => {
    const [nats, bytes, tokens, digest] = String(value).split(' ') as [string, string, string, string];
    return { id, nats: Number(nats), bytes: Number(bytes), tokens: Number(tokens), digest };
  },
};

/** More than the longest text needs in a vocabulary that spells it byte by byte. */
const MAX_TOKENS = 4_096;
/** The maximum for a question, including the text before it in the chat template. */
const MAX_QUESTION_TOKENS = 256;
const SEED = 1;

/** Measures how many nats a model needs for texts. Resolves with the results so far when the time is over. */
export async function measureBits(
  model: BenchModel,
  texts: readonly BitText[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, BitResult>> {
  const kept = (await openKept(model.digest, bitTask, [bitVariant])).get(bitVariant) as KeptResults<BitResult>;
  const digestOf = ({ question = '', text }: BitText): string =>
    createHash('sha1')
      .update(question + text)
      .digest('hex')
      .slice(0, 12);
  const keptOf = (text: BitText): BitResult | undefined => {
    const result = kept.get(text.id);
    return result?.digest === digestOf(text) ? result : undefined;
  };
  // Shuffled, so that an interrupted run has some texts of each language.
  const missing = shuffled(texts, SEED).filter((text) => !keptOf(text));
  if (missing.length > 0 && !deadline.isOver) {
    await using opened = await openForBench(model, { capacityTokens: MAX_TOKENS + MAX_QUESTION_TOKENS });
    await inParallel(missing, opened.networks, async (text, network) => {
      if (deadline.isOver) return;
      const tokens = opened.text.tokenize(text.text, false);
      if (tokens.length > MAX_TOKENS)
        throw new Error(`${text.id} takes ${tokens.length} tokens of ${model.name}, more than ${MAX_TOKENS}.`);
      await kept.add({
        id: text.id,
        nats: await natsOf(network, await beforeText(opened, text), tokens, text),
        bytes: Buffer.byteLength(text.text),
        tokens: tokens.length,
        digest: digestOf(text),
      });
    });
  }
  const results = texts.flatMap((text) => keptOf(text) ?? []);
  return new Map(results.map((result) => [result.id, result]));
}

/** Returns the tokens before a text in training, or the question as the chat asks it. */
async function beforeText({ text, template }: BenchNetworks, { question }: BitText): Promise<readonly number[]> {
  if (question !== undefined)
    return template.tokens({ messages: [{ role: 'user', content: question }], addGenerationPrompt: true });
  return [textStart(text)];
}

async function natsOf(
  opened: OpenedNetwork,
  before: readonly number[],
  tokens: readonly number[],
  { question }: BitText,
): Promise<number> {
  const { network, sequence } = opened;
  sequence.truncate(0);
  sequence.adapterSet = question === undefined ? 'completion' : 'chat';
  if (before.length > 1) await network.evaluate(sequence, before.slice(0, -1), 'last');
  let nats = 0;
  await eachPrediction(opened, before.at(-1) as number, tokens, (logits, token) => {
    nats -= logProbability(logits, token);
  });
  return nats;
}
