import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../../common/parseJson.ts';
import { writeWhole } from '../../../common/writeWhole.ts';
import { HEAD_NEEDS_TEXT } from './headNeedsText.ts';
import type { HeadNeeds } from './headRuns.ts';

/** Of how needs are measured: other numbers of another way are not taken for this one's. */
const METHOD = 1;
const MAX_MODELS = 50;
const content = z.array(z.tuple([z.string(), z.array(z.array(z.number()))])).max(MAX_MODELS);

/** A model, and how many KV heads each of its layers has. */
export interface MeasuredModel {
  /** Tells models apart. */
  readonly key: string;
  readonly heads: readonly number[];
}

/** What was measured of a model before; `undefined` where the file has nothing of it, is not there, or is damaged. */
export async function readHeadNeeds(file: string | undefined, model: MeasuredModel): Promise<HeadNeeds | undefined> {
  const needs = (await read(file)).get(nameOf(model));
  return needs?.length === model.heads.length && needs.every(({ length }, layer) => length === model.heads[layer])
    ? needs
    : undefined;
}

/**
 * Keeps what was measured of a model, for this user alone, beside what other processes keep of other ones. Where
 * nothing can be written it is measured again; so is what is no number.
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
