import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { logProbability } from '../../../sidecar/engine/measuring.ts';
import type { OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { readAnsweredQuestions } from './answers.ts';
import { inParallel, openForBench, type BenchNetworks } from './benchNetworks.ts';
import { heldOutFiles, sampleOf } from './gaps.ts';
import type { BenchModel } from './models.ts';
import type { Deadline } from '../kept/deadline.ts';
import type { KeptResults } from '../kept/keptResults.ts';
import { openKept, type KeptTask } from '../kept/keptTask.ts';

export const BIT_DOMAINS = ['typescript', 'javascript', 'python', 'prose', 'udhr', 'answers'] as const;
export type BitDomain = (typeof BIT_DOMAINS)[number];

/** The beginning of a held-out text, or of an answer. */
export interface BitText {
  readonly id: string;
  readonly domain: BitDomain;
  /** Of the declaration: its language's code. */
  readonly language?: string;
  /** What an answer answers; it is asked in the model's chat template. */
  readonly question?: string;
  readonly text: string;
}

export interface BitResult {
  readonly id: string;
  /** Negative log-likelihood of the whole text, after an end-of-text mark or the question. */
  readonly nats: number;
  readonly bytes: number;
  readonly tokens: number;
  /** Of the text and its question. */
  readonly digest: string;
}

/** There is one way to ask. */
export const bitVariant = 'chunks';

export const bitTask: KeptTask<BitResult> = {
  page: 'bundled-model',
  name: 'bits',
  settings: [],
  valueOf: ({ nats, bytes, tokens, digest }) => [nats.toFixed(4), bytes, tokens, digest].join(' '),
  resultOf: (id, value) => {
    const [nats, bytes, tokens, digest] = String(value).split(' ') as [string, string, string, string];
    return { id, nats: Number(nats), bytes: Number(bytes), tokens: Number(tokens), digest };
  },
};

const TEXTS = 16;
const TEXT_CHARACTERS = 1_200;
/** The declaration is there in 25 languages, and in some a character takes several tokens. */
const UDHR_CHARACTERS = 400;
const ANSWERS = 48;
const ANSWER_CHARACTERS = 600;
/** Texts are cut off here, bytes and all, in languages that the vocabulary spells byte by byte. */
const MAX_TOKENS = 1_024;
const CHUNK_TOKENS = 128;
/** With what the chat template puts before it. */
const MAX_QUESTION_TOKENS = 256;
const SEED = 3;

/** A fixed sample of the texts that are held out. */
export async function readBitTexts(): Promise<readonly BitText[]> {
  const texts: BitText[] = [];
  for (const domain of BIT_DOMAINS) {
    if (domain === 'answers') {
      texts.push(...(await readAnswers()));
      continue;
    }
    const packages = await heldOutFiles(domain);
    for (const file of domain === 'udhr' ? packages.flat() : sampleOf(packages, TEXTS, SEED)) {
      const text = (await readFile(file, 'utf8')).slice(0, domain === 'udhr' ? UDHR_CHARACTERS : TEXT_CHARACTERS);
      const id = `${domain} ${file.slice(file.indexOf(`${path.sep}${domain}${path.sep}`) + domain.length + 2).split(path.sep).join('/')}`;
      texts.push({ id, domain, text, ...(domain === 'udhr' ? { language: path.basename(file, '.txt') } : {}) });
    }
  }
  return texts;
}

/** Evenly of all questions. */
async function readAnswers(): Promise<readonly BitText[]> {
  const all = await readAnsweredQuestions();
  return Array.from({ length: ANSWERS }, (_, index) => all[Math.floor((index * all.length) / ANSWERS)])
    .filter((one) => one !== undefined)
    .map(({ id, question, answer }) => ({ id: `answers ${id}`, domain: 'answers', question, text: answer.slice(0, ANSWER_CHARACTERS) }));
}

/** Measures how many nats a model needs for texts. Resolves with the results there are when the time is over. */
export async function measureBits(model: BenchModel, texts: readonly BitText[], deadline: Deadline): Promise<ReadonlyMap<string, BitResult>> {
  const kept = (await openKept(model.digest, bitTask, [bitVariant])).get(bitVariant) as KeptResults<BitResult>;
  const digestOf = ({ question = '', text }: BitText): string => createHash('sha1').update(question + text).digest('hex').slice(0, 12);
  const missing = texts.filter((text) => kept.get(text.id)?.digest !== digestOf(text));
  if (missing.length > 0 && !deadline.isOver) {
    await using opened = await openForBench(model.file, { capacityTokens: MAX_TOKENS + MAX_QUESTION_TOKENS });
    await inParallel(missing, opened.networks, async (text, network) => {
      if (deadline.isOver) return;
      const tokens = tokensToMeasure(opened, text.text);
      const bytes = tokens.reduce((sum, token) => sum + opened.text.vocabulary.tokenBytes(token).length, 0);
      await kept.add({ id: text.id, nats: await natsOf(network, await beforeText(opened, text), tokens), bytes, tokens: tokens.length, digest: digestOf(text) });
    });
  }
  const results = texts.map(({ id }) => kept.get(id)).filter((result) => result !== undefined);
  return new Map(results.map((result) => [result.id, result]));
}

/** Tokens of a text, at most as many as are measured. */
export function tokensToMeasure({ text }: BenchNetworks, content: string): readonly number[] {
  return text.tokenize(content, false).slice(0, MAX_TOKENS);
}

/** What stands before a text in training, or the question as the chat asks it. */
async function beforeText({ text, template }: BenchNetworks, { question }: BitText): Promise<readonly number[]> {
  if (question !== undefined) return template.tokens({ messages: [{ role: 'user', content: question }], addGenerationPrompt: true });
  const { bos, eos, addBos } = text.special;
  const start = (addBos ? bos : undefined) ?? eos;
  if (start === undefined) throw new Error(`${text.name} has no token for the end of a text.`);
  return [start];
}

async function natsOf({ network, sequence, model }: OpenedNetwork, before: readonly number[], tokens: readonly number[]): Promise<number> {
  const { vocabularySize } = model.hyperparameters;
  const given = [...before.slice(-1), ...tokens.slice(0, -1)];
  sequence.truncate(0);
  if (before.length > 1) await network.evaluate(sequence, before.slice(0, -1), 'last');
  let nats = 0;
  for (let first = 0; first < given.length; first += CHUNK_TOKENS) {
    const chunk = given.slice(first, first + CHUNK_TOKENS);
    const logits = await network.evaluate(sequence, chunk, 'all');
    for (let row = 0; row < chunk.length; row++) nats -= logProbability(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), tokens[first + row] as number);
  }
  return nats;
}
