import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../common/parseJson.ts';
import { writeWhole } from '../common/writeWhole.ts';
import { REFUSALS } from '../protocol/learning.ts';
import { expertFileOf } from '../keptContexts/learntFolder.ts';
import type { TrainingFile } from './sourceFile.ts';

const figure = z.number();
/** What an expert learns from. */
const passSchema = z.object({
  version: z.literal(2),
  /** The digest of the model below the expert. */
  base: z.object({
    model: z.string(),
    /** The digest of the adapter that the first pass began with: the model's own experts. */
    start: z.string().optional(),
  }),
  /** The files of all passes, and digests of their texts. */
  paths: z.array(z.string()),
  digests: z.array(z.string()),
});
const unfinishedSchema = passSchema.extend({
  /** A digest of everything but the texts that must be the same for a killed pass to continue. */
  key: z.string(),
});
const recordSchema = passSchema.extend({
  /** The trained tokens of all passes. */
  trainedTokens: figure,
  heldOut: z.object({
    files: figure,
    natsBefore: figure,
    natsAfter: figure,
    lines: figure,
    linesBefore: figure,
    linesAfter: figure,
  }),
  general: z.object({ natsBefore: figure, natsAfter: figure }),
  adopted: z.boolean(),
  reason: z.string().optional(),
  /** Absent in older records. */
  refusal: z.enum(REFUSALS).optional(),
  /** When the last pass ended, as of `Date.now()`. Absent in older records. */
  endedMs: figure.optional(),
  /** The last pass, if its expert was not adopted and an earlier one stayed. */
  rejected: z
    .object({
      endedMs: figure,
      reason: z.string(),
      refusal: z.enum(REFUSALS).optional(),
      digests: z.array(z.string()),
    })
    .optional(),
});
const linesSchema = z.object({ start: figure, end: figure });
const sourcesSchema = z.array(
  z.object({ path: z.string(), text: z.string(), recent: z.array(linesSchema).optional() }),
);

/** What is known of a workspace's expert. */
export type ExpertRecord = z.infer<typeof recordSchema>;
/** What is known of a pass that has not ended. */
export type UnfinishedPass = z.infer<typeof unfinishedSchema>;

/** The files of a workspace's expert. They are its source in another form, so only the user can read them. */
export interface ExpertFolder {
  readonly folder: string;
  readonly expertFile: string;
  readonly recordFile: string;
  /** Everything of a pass that has not ended. */
  readonly passFolder: string;
  readonly passFile: string;
  /** The texts of the pass, so that it continues after they have changed. */
  readonly sourcesFile: string;
  readonly candidateFile: string;
  readonly trainingFolder: string;
}

/**
 * Returns the files of a workspace's expert in `learning`, the folder of all. `name` is that of its evaluated contexts.
 */
export function expertFolder(learning: string, name: string): ExpertFolder {
  const folder = path.join(learning, name);
  const passFolder = path.join(folder, 'pass');
  return {
    folder,
    expertFile: expertFileOf(learning, name),
    recordFile: path.join(folder, 'expert.json'),
    passFolder,
    passFile: path.join(passFolder, 'pass.json'),
    sourcesFile: path.join(passFolder, 'sources.json'),
    candidateFile: path.join(passFolder, 'expert.gguf'),
    trainingFolder: path.join(passFolder, 'training'),
  };
}

/** Creates the folders for this user alone. */
export async function ensureExpertFolder({ passFolder }: ExpertFolder): Promise<void> {
  await mkdir(passFolder, { recursive: true, mode: 0o700 });
}

/** Returns a workspace's record, or `undefined` if there is none that can be read. */
export function readExpertRecord({ recordFile }: ExpertFolder): Promise<ExpertRecord | undefined> {
  return readAs(recordSchema, recordFile);
}

export async function writeExpertRecord({ recordFile }: ExpertFolder, record: ExpertRecord): Promise<void> {
  await writeWhole(recordFile, JSON.stringify(record, undefined, 2));
}

/** Returns the pass that has not ended, or `undefined` if there is none that can be read. */
export function readUnfinishedPass({ passFile }: ExpertFolder): Promise<UnfinishedPass | undefined> {
  return readAs(unfinishedSchema, passFile);
}

export async function writeUnfinishedPass({ passFile }: ExpertFolder, pass: UnfinishedPass): Promise<void> {
  await writeWhole(passFile, JSON.stringify(pass));
}

/** Returns the texts of the pass that has not ended, or `undefined` if they can't be read. */
export function readPassSources({ sourcesFile }: ExpertFolder): Promise<readonly TrainingFile[] | undefined> {
  return readAs(sourcesSchema, sourcesFile);
}

export async function writePassSources({ sourcesFile }: ExpertFolder, sources: readonly TrainingFile[]): Promise<void> {
  await writeWhole(sourcesFile, JSON.stringify(sources));
}

async function readAs<Value>(schema: z.ZodType<Value>, file: string): Promise<Value | undefined> {
  try {
    return schema.parse(parseJson(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
