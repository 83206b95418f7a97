import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { logProbability } from '../../../sidecar/engine/measuring.ts';
import type { OpenedNetwork } from '../../../sidecar/models/chorus/openNetwork.ts';
import { inParallel, openForBench, type BenchNetworks } from './benchNetworks.ts';
import { heldOutFiles, sampleOf } from './gaps.ts';
import { type Deadline, KeptResults } from './kept.ts';
import type { BenchModel } from './models.ts';

export const BIT_DOMAINS = ['typescript', 'javascript', 'python', 'prose', 'udhr'] as const;
export type BitDomain = (typeof BIT_DOMAINS)[number];

/** The beginning of a held-out text. */
export interface BitText {
  readonly id: string;
  readonly domain: BitDomain;
  /** Of the declaration: its language's code. */
  readonly language?: string;
  readonly text: string;
}

export interface BitResult {
  readonly id: string;
  /** Negative log-likelihood of the whole text, from an end-of-text mark on. */
  readonly nats: number;
  readonly bytes: number;
  readonly tokens: number;
  /** Of the text. */
  readonly digest: string;
}

const TEXTS = 16;
const TEXT_CHARACTERS = 1_200;
/** The declaration is there in 25 languages, and in some a character takes several tokens. */
const UDHR_CHARACTERS = 400;
/** Texts are cut off here, bytes and all, in languages that the vocabulary spells byte by byte. */
const MAX_TOKENS = 1_024;
const CHUNK_TOKENS = 128;
const SEED = 3;

/** A fixed sample of the texts that are held out. */
export async function readBitTexts(): Promise<readonly BitText[]> {
  const texts: BitText[] = [];
  for (const domain of BIT_DOMAINS) {
    const packages = await heldOutFiles(domain);
    for (const file of domain === 'udhr' ? packages.flat() : sampleOf(packages, TEXTS, SEED)) {
      const text = (await readFile(file, 'utf8')).slice(0, domain === 'udhr' ? UDHR_CHARACTERS : TEXT_CHARACTERS);
      const id = `${domain} ${file.slice(file.indexOf(`${path.sep}${domain}${path.sep}`) + domain.length + 2).split(path.sep).join('/')}`;
      texts.push({ id, domain, text, ...(domain === 'udhr' ? { language: path.basename(file, '.txt') } : {}) });
    }
  }
  return texts;
}

/** Measures how many nats a model needs for texts. Resolves with the results there are when the time is over. */
export async function measureBits(model: BenchModel, texts: readonly BitText[], deadline: Deadline): Promise<ReadonlyMap<string, BitResult>> {
  const kept = await KeptResults.open<BitResult>(model.digest, 'bits');
  const digestOf = (text: string): string => createHash('sha1').update(text).digest('hex').slice(0, 12);
  const missing = texts.filter(({ id, text }) => kept.get(id)?.digest !== digestOf(text));
  if (missing.length > 0 && !deadline.isOver) {
    await using opened = await openForBench(model.file, { capacityTokens: MAX_TOKENS });
    await inParallel(missing, opened.networks, async ({ id, text }, network) => {
      if (deadline.isOver) return;
      const tokens = tokensToMeasure(opened, text);
      const bytes = tokens.reduce((sum, token) => sum + opened.text.vocabulary.tokenBytes(token).length, 0);
      await kept.add({ id, nats: await natsOf(network, startOf(opened), tokens), bytes, tokens: tokens.length, digest: digestOf(text) });
    });
  }
  const results = texts.map(({ id }) => kept.get(id)).filter((result) => result !== undefined);
  return new Map(results.map((result) => [result.id, result]));
}

/** Tokens of a text, at most as many as are measured. */
export function tokensToMeasure({ text }: BenchNetworks, content: string): readonly number[] {
  return text.tokenize(content, false).slice(0, MAX_TOKENS);
}

/** What stands before a text in training. */
function startOf({ text }: BenchNetworks): number {
  const { bos, eos, addBos } = text.special;
  const start = (addBos ? bos : undefined) ?? eos;
  if (start === undefined) throw new Error(`${text.name} has no token for the end of a text.`);
  return start;
}

async function natsOf({ network, sequence, model }: OpenedNetwork, start: number, tokens: readonly number[]): Promise<number> {
  const { vocabularySize } = model.hyperparameters;
  const given = [start, ...tokens.slice(0, -1)];
  sequence.truncate(0);
  let nats = 0;
  for (let first = 0; first < given.length; first += CHUNK_TOKENS) {
    const chunk = given.slice(first, first + CHUNK_TOKENS);
    const logits = await network.evaluate(sequence, chunk, 'all');
    for (let row = 0; row < chunk.length; row++) nats -= logProbability(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), tokens[first + row] as number);
  }
  return nats;
}
