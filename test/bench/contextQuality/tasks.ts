import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import {
  composeContext,
  filesInRandomOrder,
  type ContextTokenizer,
  type TextSource,
} from '../../../sidecar/workshop/retrieval/context.ts';
import { makeNeedles } from '../../../sidecar/workshop/retrieval/facts.ts';
import { makeRecallTask, questionsFor, type RecallTask } from '../../../sidecar/workshop/retrieval/recall.ts';
import { readTextFile, type TextFile } from '../../../sidecar/workshop/retrieval/textFiles.ts';
import { Random } from '../../../sidecar/workshop/train/random.ts';
import { heldOutFiles } from '../bundled/gaps.ts';
import type { KeptTask } from '../kept/keptTask.ts';

/** The length of a context before questions. */
export const LENGTH_TOKENS = 2_048;
/** The tokens for a question and its answer. */
export const ANSWER_TOKENS = 128;
const CONSTANTS = 10;
/** The places of the facts in a text, in percent. */
const DEPTHS = [0, 25, 50, 75, 100] as const;
const CODE_DOMAINS = ['python', 'typescript', 'javascript'] as const;
const NEEDLE_DOMAIN = 'prose';
const SEED = 11;
/** Increased when the method changes, so that kept results of two methods are not mixed. */
const VERSION = 5;

/** The results of all questions about one context. */
export interface Asked {
  readonly id: string;
  readonly isRight: readonly boolean[];
}

export interface AskedContext {
  readonly id: string;
  readonly domain: string;
  readonly task: RecallTask;
}

/**
 * Returns contexts of code: the domains in turn, and in each domain its packages. Leaves out packages with too little
 * text.
 */
export async function readRecallContexts(count: number, tokenizer: ContextTokenizer): Promise<readonly AskedContext[]> {
  const perDomain = Math.ceil(count / CODE_DOMAINS.length);
  const byDomain = await Promise.all(
    CODE_DOMAINS.map(async (domain, number) =>
      (
        await fromPackages({ domain, seed: SEED + 10_000 * number }, perDomain, (source, seed) =>
          makeRecallTask({ source, length: LENGTH_TOKENS, constants: CONSTANTS, seed }, tokenizer),
        )
      ).map((task, index) => ({ id: `${domain} ${index}`, domain, task })),
    ),
  );
  return Array.from({ length: perDomain }, (_, index) => byDomain.flatMap((contexts) => contexts[index] ?? []))
    .flat()
    .slice(0, count);
}

/** Returns contexts of prose with a fact at each depth. */
export async function readNeedles(count: number, tokenizer: ContextTokenizer): Promise<readonly AskedContext[]> {
  const tasks = await fromPackages({ domain: NEEDLE_DOMAIN, seed: SEED }, count, (source, seed) =>
    hideNeedles(source, seed, tokenizer),
  );
  return tasks.map((task, index) => ({ id: `${NEEDLE_DOMAIN} ${index}`, domain: NEEDLE_DOMAIN, task }));
}

async function hideNeedles(source: TextSource, seed: number, tokenizer: ContextTokenizer): Promise<RecallTask> {
  const random = new Random(seed);
  const needles = makeNeedles(DEPTHS.length, random);
  const hidden = needles.map((needle, index) => ({ share: (DEPTHS[index] as number) / 100, fact: () => needle }));
  const { tokens } = await composeContext({ source, random, hidden, maxTokens: LENGTH_TOKENS }, tokenizer);
  return { context: tokens, questions: await questionsFor(needles, tokenizer) };
}

const asked = (name: string, ...settings: readonly unknown[]): KeptTask<Asked> => ({
  page: 'context-quality',
  name,
  settings: [VERSION, LENGTH_TOKENS, SEED, ...settings],
  valueOf: ({ isRight }) => isRight.map(Number).join(''),
  resultOf: (id, value) => ({ id, isRight: [...String(value)].map((digit) => digit === '1') }),
});

export const recallTask = asked('recall', CONSTANTS, CODE_DOMAINS);
export const needleTask = asked('needle', DEPTHS, NEEDLE_DOMAIN, 'of several kinds');

async function fromPackages<Made>(
  { domain, seed }: { readonly domain: string; readonly seed: number },
  count: number,
  make: (source: TextSource, seed: number) => Promise<Made>,
): Promise<readonly Made[]> {
  const packages = await heldOutFiles(domain);
  const texts = new Map<number, readonly TextFile[]>();
  const made: Made[] = [];
  // Enough attempts for all packages, even if only one of them has enough text.
  for (let attempt = 0; made.length < count && attempt < (count + 1) * packages.length; attempt++) {
    const number = attempt % packages.length;
    const files = texts.get(number) ?? (await readAll(packages[number] as readonly string[]));
    texts.set(number, files);
    try {
      made.push(await make(filesInRandomOrder(files), seed + attempt));
    } catch (error) {
      if (!(error instanceof TroubleError) || error.code !== 'invalid-input') throw error;
    }
  }
  if (made.length < count)
    throw new Error(
      `The held-out packages of ${domain} have text for ${made.length} contexts of ${LENGTH_TOKENS} tokens, not for ${count}.`,
    );
  return made;
}

async function readAll(files: readonly string[]): Promise<readonly TextFile[]> {
  const texts: TextFile[] = [];
  for (const file of files) {
    const text = await readTextFile(file);
    if (text) texts.push(text);
  }
  return texts;
}
