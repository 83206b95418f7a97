import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { corpusFolder } from '../../../.scripts/bundledModel/corpus.ts';
import type { Tokenizer } from '../../../sidecar/workshop/train/batchStream.ts';
import { Random } from '../../../sidecar/workshop/train/random.ts';

/** The domain that the seed learns first, and the domains of its three branches. */
export const DOMAINS = ['prose', 'typescript', 'python', 'tongues'] as const;
export type Domain = (typeof DOMAINS)[number];
export type Part = 'training' | 'held-out';

/** The size of pieces of texts, so that a small budget contains many packages. */
const PIECE_CHARACTERS = 4_000;
const PIECES_PER_FILE = 3;
/**
 * The number of messages in a piece of the domain "tongues". Every tenth piece is held out, the same in all languages.
 */
const MESSAGES = 30;
const HELD_OUT_EVERY = 10;

/**
 * Returns pieces of a domain's texts in a fixed order. "Tongues" are the messages of TypeScript's compiler in its
 * thirteen languages, with different messages for training and measuring. The other domains are those of the bundled
 * model's corpus, with different packages. Throws if the corpus is missing.
 */
export async function readPieces(domain: Domain, part: Part): Promise<readonly string[]> {
  if (domain === 'tongues') return tongues(part);
  const folder = path.join(corpusFolder(), 'texts', part, domain);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`${folder} can't be read. Make the texts first: npx tsx .scripts/bundledModel/corpus.ts`, {
      cause: error,
    });
  });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const pieces: string[] = [];
  for (const file of files.sort()) pieces.push(...cut(await readFile(file, 'utf8')));
  return pieces;
}

function cut(text: string): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > 0 && pieces.length < PIECES_PER_FILE) {
    const end =
      rest.length <= PIECE_CHARACTERS ? rest.length : rest.lastIndexOf('\n', PIECE_CHARACTERS) + 1 || PIECE_CHARACTERS;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return pieces;
}

async function tongues(part: Part): Promise<readonly string[]> {
  const folder = path.dirname(createRequire(import.meta.url).resolve('typescript'));
  const languages = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const pieces: string[] = [];
  for (const language of languages.sort()) {
    const messages = Object.values(
      JSON.parse(await readFile(path.join(folder, language, 'diagnosticMessages.generated.json'), 'utf8')) as Record<
        string,
        string
      >,
    );
    for (let first = 0; first < messages.length; first += MESSAGES) {
      const isHeldOut = (first / MESSAGES) % HELD_OUT_EVERY === 0;
      if (isHeldOut === (part === 'held-out')) pieces.push(`${messages.slice(first, first + MESSAGES).join('\n')}\n`);
    }
  }
  return pieces;
}

/**
 * Writes texts of several domains into a folder, each with the given number of tokens. Another seed chooses other
 * texts. Throws if a domain has too few.
 */
export async function writeMixture(
  folder: string,
  tokens: Readonly<Partial<Record<Domain, number>>>,
  tokenizer: Tokenizer,
  seed: number,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [number, domain] of DOMAINS.entries()) {
    const wanted = tokens[domain] ?? 0;
    const pieces = await readPieces(domain, 'training');
    const order = new Random(seed * DOMAINS.length + number).order(pieces.length);
    let written = 0;
    for (let index = 0; written < wanted; index++) {
      const piece = pieces[order[index] as number];
      if (piece === undefined)
        throw new Error(`The domain ${domain} has ${written} tokens, but ${Math.round(wanted)} are needed.`);
      written += tokenizer.tokenize(piece).length + 1;
      await writeFile(path.join(folder, `${domain}-${String(index).padStart(5, '0')}.txt`), piece);
    }
  }
}

/** Returns `count` chunks of held-out text of `length` tokens, in a fixed order, spread over the domain. */
export async function heldOutChunks(
  domain: Domain,
  tokenizer: Tokenizer,
  { count, length }: { count: number; length: number },
): Promise<readonly (readonly number[])[]> {
  const pieces = await readPieces(domain, 'held-out');
  const order = new Random(1).order(pieces.length);
  const chunks: (readonly number[])[] = [];
  for (const index of order) {
    const tokens = tokenizer.tokenize(pieces[index] as string);
    if (tokens.length >= length) chunks.push(tokens.slice(0, length));
    if (chunks.length === count) return chunks;
  }
  throw new Error(`The domain ${domain} has ${chunks.length} held-out pieces of ${length} tokens, expected ${count}.`);
}
