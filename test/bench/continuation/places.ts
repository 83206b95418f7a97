import { readFile } from 'node:fs/promises';
import { Random } from '../../../sidecar/train/random.ts';
import type { ModelText } from '../../../sidecar/models/modelText.ts';
import { heldOutFiles, sampleOf } from '../bundled/gaps.ts';

/** A place in a file, with other files of its package as context. */
export interface Place {
  readonly id: string;
  /** Of other files of the package. */
  readonly context: readonly number[];
  /** Before the place, of its own file. */
  readonly before: readonly number[];
  /** What comes next. */
  readonly next: readonly number[];
}

export const CONTEXT_TOKENS = 3_000;
export const BEFORE_TOKENS = 200;
export const NEXT_TOKENS = 48;
const DOMAINS = ['python', 'typescript', 'javascript'] as const;
const SEED = 5;

/** A fixed sample of places in packages that are held out, the domains in turn. */
export async function readPlaces(text: ModelText, count: number): Promise<readonly Place[]> {
  const byDomain = await Promise.all(DOMAINS.map((domain) => placesOf(domain, text, Math.ceil(count / DOMAINS.length))));
  return Array.from({ length: Math.ceil(count / DOMAINS.length) }, (_, index) => byDomain.flatMap((places) => places[index] ?? [])).flat().slice(0, count);
}

async function placesOf(domain: (typeof DOMAINS)[number], text: ModelText, count: number): Promise<readonly Place[]> {
  const packages = await heldOutFiles(domain);
  const places: Place[] = [];
  for (const file of sampleOf(packages, 6 * count, SEED)) {
    if (places.length === count) break;
    const own = text.tokenize(await readFile(file, 'utf8'), false);
    if (own.length < BEFORE_TOKENS + NEXT_TOKENS + 1) continue;
    const others = (packages.find((files) => files.includes(file)) as readonly string[]).filter((other) => other !== file);
    const random = new Random(own.length + places.length);
    const context: number[] = [];
    for (const index of random.order(others.length)) {
      if (context.length >= CONTEXT_TOKENS) break;
      context.push(...text.tokenize(await readFile(others[index] as string, 'utf8'), false).slice(0, CONTEXT_TOKENS / 2));
    }
    if (context.length < CONTEXT_TOKENS) continue;
    const at = BEFORE_TOKENS + Math.floor(random.next() * (own.length - BEFORE_TOKENS - NEXT_TOKENS));
    places.push({ id: file.slice(file.indexOf('held-out')), context: context.slice(0, CONTEXT_TOKENS), before: own.slice(at - BEFORE_TOKENS, at), next: own.slice(at, at + NEXT_TOKENS) });
  }
  return places;
}
