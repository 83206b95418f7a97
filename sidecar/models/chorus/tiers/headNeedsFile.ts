import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../../common/parseJson.ts';
import { writeWhole } from '../../../common/writeWhole.ts';
import { HEAD_NEEDS_TEXT } from './headNeedsText.ts';
import type { HeadNeeds } from './headRuns.ts';

/** The method of measurement. Results of other methods are not used. */
const METHOD = 1;
const MAX_MODELS = 50;
const content = z.array(z.tuple([z.string(), z.array(z.array(z.number()))])).max(MAX_MODELS);

/** A model, and the number of KV heads in each of its layers. */
export interface MeasuredModel {
  /** Identifies the model. */
  readonly key: string;
  readonly heads: readonly number[];
}

/**
 * Reads an earlier measurement of a model. Resolves with `undefined` if the file has none, is missing, or is damaged.
 */
export async function readHeadNeeds(file: string | undefined, model: MeasuredModel): Promise<HeadNeeds | undefined> {
  const needs = (await read(file)).get(nameOf(model));
  return needs?.length === model.heads.length && needs.every(({ length }, layer) => length === model.heads[layer])
    ? needs
    : undefined;
}

/**
 * Keeps a measurement of a model, for this user alone, beside those that other processes keep. If nothing can be
 * written it is measured again; values that are no numbers are not kept.
 */
export async function keepHeadNeeds(file: string | undefined, model: MeasuredModel, needs: HeadNeeds): Promise<void> {
  if (file === undefined || !needs.flat().every(Number.isFinite)) return;
  const all = await read(file);
  all.delete(nameOf(model));
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeWhole(file, JSON.stringify([...all, [nameOf(model), needs]].slice(-MAX_MODELS)));
  } catch {
    // It is measured again.
  }
}

const nameOf = ({ key }: MeasuredModel): string =>
  createHash('sha256')
    .update(JSON.stringify([METHOD, HEAD_NEEDS_TEXT, key]))
    .digest('hex');

async function read(file: string | undefined): Promise<Map<string, HeadNeeds>> {
  try {
    return new Map(file === undefined ? [] : content.parse(parseJson(await readFile(file, 'utf8'))));
  } catch {
    return new Map();
  }
}
