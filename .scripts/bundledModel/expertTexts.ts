/**
 * Chooses the texts that train the bundled model's expert: whole files of many packages, in fixed shares of each kind.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { filesOf } from '../../sidecar/workshop/train/corpus.ts';
import type { CODE_DOMAINS } from './packages.ts';
import { PROSE_LANGUAGES } from './vocabularyTexts.ts';

/** Bytes of each programming language. The languages that completion is measured in weigh most. */
const CODE_BYTES: Readonly<Record<(typeof CODE_DOMAINS)[number], number>> = {
  typescript: 300_000,
  javascript: 180_000,
  python: 360_000,
  go: 150_000,
  rust: 150_000,
  java: 150_000,
  c: 75_000,
  cpp: 75_000,
  csharp: 75_000,
  php: 75_000,
  ruby: 60_000,
  kotlin: 60_000,
  shell: 36_000,
  sql: 36_000,
  css: 36_000,
};
const PROSE_BYTES = 16_000;
const ENGLISH_PROSE_BYTES = 60_000;
/** Shorter files are mostly lists of imports, longer ones mostly tables. */
const FILE_BYTES = { least: 800, most: 24_000 };

/** Copies the chosen files below `training`, a folder of the corpus, into `output`. */
export async function writeExpertTexts(training: string, output: string): Promise<void> {
  await rm(output, { recursive: true, force: true });
  const kinds: readonly (readonly [kind: string, bytes: number])[] = [
    ...Object.entries(CODE_BYTES),
    ...PROSE_LANGUAGES.map(
      (language) => [path.join('prose', language), language === 'en' ? ENGLISH_PROSE_BYTES : PROSE_BYTES] as const,
    ),
  ];
  for (const [kind, bytes] of kinds)
    for (const file of await chosenFiles(path.join(training, kind), bytes)) {
      const copy = path.join(output, kind, file);
      await mkdir(path.dirname(copy), { recursive: true });
      await cp(path.join(training, kind, file), copy);
    }
}

/** Takes one file of each package in turn, in the order of the paths' hashes, until their bytes are reached. */
async function chosenFiles(folder: string, bytes: number): Promise<readonly string[]> {
  const packages = new Map<string, string[]>();
  const files = (await filesOf([folder])).map((file) => path.relative(folder, file));
  for (const file of files.sort(byHash)) {
    const [name = ''] = file.split(path.sep);
    packages.set(name, [...(packages.get(name) ?? []), file]);
  }
  const queues = [...packages.values()];
  const chosen: string[] = [];
  for (let turn = 0, taken = 0; taken < bytes && queues.some((queue) => turn < queue.length); turn++)
    for (const file of queues.flatMap((queue) => queue[turn] ?? [])) {
      const { size } = await stat(path.join(folder, file));
      if (size < FILE_BYTES.least || size > FILE_BYTES.most) continue;
      if (taken >= bytes) break;
      chosen.push(file);
      taken += size;
    }
  return chosen;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const byHash = (a: string, b: string): number => (hash(a) < hash(b) ? -1 : 1);
