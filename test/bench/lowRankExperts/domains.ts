import { readFile } from 'node:fs/promises';
import { corpusFiles, sampleOf, type CorpusPart } from '../bundled/gaps.ts';

/** The kinds of texts that experts are trained for. Prose is in 23 languages. */
export const DOMAINS = ['typescript', 'python', 'go', 'prose'] as const;
export type Domain = (typeof DOMAINS)[number];

export interface DomainText {
  readonly file: string;
  readonly text: string;
}

const SAMPLE = {
  training: { files: 400, characters: 12_000, seed: 11 },
  'held-out': { files: 12, characters: 1_000, seed: 12 },
} as const;

/** Returns the beginnings of a fixed sample of a domain's files. Throws if the corpus was not made. */
export async function textsOf(part: CorpusPart, domain: Domain): Promise<readonly DomainText[]> {
  const { files, characters, seed } = SAMPLE[part];
  const sample = sampleOf(await corpusFiles(part, domain), files, seed);
  return Promise.all(sample.map(async (file) => ({ file, text: (await readFile(file, 'utf8')).slice(0, characters) })));
}
