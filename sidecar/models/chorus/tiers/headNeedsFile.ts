import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { HEAD_NEEDS_TEXT } from './headNeedsText.ts';
import type { HeadNeeds } from './headRuns.ts';

/** Of how needs are measured: other numbers of another way are not taken for this one's. */
const METHOD = 1;
const MAX_MODELS = 50;
const MAX_LAYERS = 1_024;
const MAX_HEADS = 4_096;
const content = z.array(z.tuple([z.string().max(200), z.array(z.array(z.number()).max(MAX_HEADS)).max(MAX_LAYERS)])).max(MAX_MODELS);

/**
 * How much a model's heads need choices of their own, from the file that it is kept in, or measured and kept there. `key` tells models apart; `heads`: how many each of
 * its layers has. What can't be read, or is for other heads, is measured again, as is what can't be written. Rejects as `measure`.
 */
export async function keptHeadNeeds(file: string | undefined, model: { readonly key: string; readonly heads: readonly number[] }, measure: () => Promise<HeadNeeds | undefined>): Promise<HeadNeeds | undefined> {
  const key = createHash('sha256').update(JSON.stringify([METHOD, HEAD_NEEDS_TEXT, model.key])).digest('hex');
  const known = (await read(file)).get(key);
  if (known?.length === model.heads.length && known.every(({ length }, layer) => length === model.heads[layer])) return known;
  const needs = await measure();
  if (file === undefined || !needs) return needs;
  // Another process may have kept another model's meanwhile.
  const all = await read(file);
  all.delete(key);
  await write(file, [...all, [key, needs] as const].slice(-MAX_MODELS));
  return needs;
}

async function read(file: string | undefined): Promise<Map<string, HeadNeeds>> {
  try {
    return new Map(file === undefined ? [] : content.parse(JSON.parse(await readFile(file, 'utf8'))));
  } catch {
    return new Map();
  }
}

async function write(file: string, all: readonly (readonly [string, HeadNeeds])[]): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify(all), { mode: 0o600, flag: 'wx' });
    await rename(temporary, file);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
