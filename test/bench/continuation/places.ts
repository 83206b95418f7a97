import { readFile } from 'node:fs/promises';
import { Random } from '../../../sidecar/workshop/train/random.ts';
import type { ModelText } from '../../../sidecar/models/modelText.ts';
import { heldOutFiles } from '../bundled/gaps.ts';
import { shuffled } from '../shuffled.ts';

/** A place in a file. */
export interface Place {
  readonly id: string;
  /** The tokens of its own file before the place. */
  readonly before: readonly number[];
  /** The tokens after the place. */
  readonly next: readonly number[];
}

/** Texts of a package, with places in other files of it. */
export interface PackageContext {
  readonly tokens: readonly number[];
  readonly places: readonly Place[];
}

export const CONTEXT_TOKENS = 3_000;
export const BEFORE_TOKENS = 200;
export const NEXT_TOKENS = 48;
const PLACES_PER_CONTEXT = 8;
const DOMAINS = ['python', 'typescript', 'javascript'] as const;
const SEED = 5;

/**
 * Returns a fixed sample of places in held-out packages: the domains in turn, and in each domain its packages. It ends
 * at `count` places, or when there are no more. Large packages have several contexts, each after all packages had the
 * previous one.
 */
export async function readPackageContexts(text: ModelText, count: number): Promise<readonly PackageContext[]> {
  const byDomain = await Promise.all(DOMAINS.map(heldOutFiles));
  const most = Math.max(...byDomain.map((packages) => packages.length));
  const packages = Array.from({ length: most }, (_, index) =>
    byDomain.flatMap((ofDomain) => (ofDomain[index] ? [ofDomain[index]] : [])),
  ).flat();
  let unread = packages.map((files) => contextsOf(files, text));
  const contexts: PackageContext[] = [];
  let left = count;
  while (unread.length > 0 && left > 0) {
    const nexts = await Promise.all(unread.map((ofPackage) => ofPackage.next()));
    for (const { value } of nexts) {
      if (!value || left === 0) continue;
      const places = value.places.slice(0, left);
      contexts.push({ ...value, places });
      left -= places.length;
    }
    unread = unread.filter((_, index) => !nexts[index]?.done);
  }
  return contexts;
}

/** Goes through a package's files in a random order: some for a context, the next ones for its places, and again. */
async function* contextsOf(files: readonly string[], text: ModelText): AsyncGenerator<PackageContext, undefined> {
  let tokens: number[] = [];
  let places: Place[] = [];
  for (const file of shuffled(files, SEED)) {
    const own = text.tokenize(await readFile(file, 'utf8'), false);
    if (tokens.length < CONTEXT_TOKENS) {
      tokens.push(...own.slice(0, CONTEXT_TOKENS / 2));
      continue;
    }
    const free = own.length - BEFORE_TOKENS - NEXT_TOKENS;
    if (free <= 0) continue;
    const at = BEFORE_TOKENS + new Random(own.length).below(free);
    places.push({
      id: file.slice(file.indexOf('held-out')),
      before: own.slice(at - BEFORE_TOKENS, at),
      next: own.slice(at, at + NEXT_TOKENS),
    });
    if (places.length < PLACES_PER_CONTEXT) continue;
    yield { tokens: tokens.slice(0, CONTEXT_TOKENS), places };
    [tokens, places] = [[], []];
  }
  if (places.length > 0) yield { tokens: tokens.slice(0, CONTEXT_TOKENS), places };
  return undefined;
}
