import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { corpusFolder } from '../../../.scripts/bundledModel/corpus.ts';
import { shuffled } from '../shuffled.ts';
import type { GapResult } from './fillGaps.ts';
import type { Gap } from './gaps.ts';
import type { Deadline } from '../kept/deadline.ts';
import { KeptResults } from '../kept/keptResults.ts';
import { NgramModel } from './ngramModel.ts';

/** Characters of training texts that it learns from, for each family of languages. */
const LEARNED_CHARACTERS = 60_000_000;
const MAX_LINE_TOKENS = 64;
const LANGUAGES = [['python'], ['javascript', 'typescript']] as const;

/** Fills gaps with an n-gram model of the texts that the bundled model learns from. Resolves with the results there are when the time is over. */
export async function fillGapsByNgrams(gaps: readonly Gap[], deadline: Deadline, onDone?: (done: number, exact: number) => void): Promise<ReadonlyMap<string, GapResult>> {
  const results = new Map<string, GapResult>();
  for (const domains of LANGUAGES) {
    const own = gaps.filter(({ languageId }) => (domains as readonly string[]).includes(languageId));
    // Another sample of gaps, or other texts to learn from, ask anew.
    const asked = createHash('sha1').update(own.map(({ id }) => id).join()).update(await readFile(path.join(corpusFolder(), 'READY'))).digest('hex');
    const kept = await KeptResults.open<GapResult>('ngram', `gaps-${domains[0]}`);
    let model: NgramModel | undefined;
    for (const gap of own) {
      let result = kept.get(gap.id);
      if (result?.prompt !== asked) {
        if (deadline.isOver) continue;
        model ??= new NgramModel(await learnedTexts(domains));
        result = { id: gap.id, exact: model.continueLine(gap.prefix, gap.suffix, MAX_LINE_TOKENS).trimEnd() === gap.expected, prompt: asked };
        await kept.add(result);
      }
      results.set(gap.id, result);
      onDone?.(results.size, [...results.values()].filter(({ exact }) => exact).length);
    }
  }
  return results;
}

async function learnedTexts(domains: readonly string[]): Promise<readonly string[]> {
  const texts: string[] = [];
  let characters = 0;
  const folders = domains.map((domain) => path.join(corpusFolder(), 'texts', 'training', domain));
  const files = await Promise.all(folders.map(async (folder) => (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)).sort()));
  for (const file of shuffled(files.flat(), 1)) {
    const text = await readFile(file, 'utf8');
    texts.push(text);
    if ((characters += text.length) > LEARNED_CHARACTERS) break;
  }
  return texts;
}
