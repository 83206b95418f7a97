import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { homeFolder, LEARNING_FOLDER } from '../common/home.ts';
import { parseJson } from '../common/parseJson.ts';
import { writeWhole } from '../common/writeWhole.ts';

const figure = z.number();
const schema = z.object({
  version: z.literal(1),
  /** The file of the model below the expert, with its size and time, so that another model is noticed. */
  base: z.object({ path: z.string(), sizeBytes: figure, modifiedMs: figure }),
  /** A digest of the rules for secret files that the expert was learnt by. */
  secretRules: z.string(),
  /** The files that it learnt from. */
  paths: z.array(z.string()),
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
});

/** What is known of a workspace's expert. */
export type ExpertRecord = z.infer<typeof schema>;

/** The files of a workspace's expert. They are its source in another form, so only the user can read them. */
export interface ExpertFolder {
  readonly folder: string;
  readonly expertFile: string;
  /** The expert of a pass that is not finished. */
  readonly candidateFile: string;
  /** The training draws its losses beside its output. */
  readonly lossPlotFile: string;
  readonly recordFile: string;
  readonly trainingFolder: string;
}

/** Returns the folder of all workspaces' experts. */
export function learningFolder(home: string = homeFolder()): string {
  return path.join(home, LEARNING_FOLDER);
}

/**
 * Returns the files of a workspace's expert in `learning`, the folder of all. `name` is that of its evaluated contexts.
 */
export function expertFolder(learning: string, name: string): ExpertFolder {
  const folder = path.join(learning, name);
  return {
    folder,
    expertFile: path.join(folder, 'expert.gguf'),
    candidateFile: path.join(folder, 'candidate.gguf'),
    lossPlotFile: path.join(folder, 'candidate.loss.svg'),
    recordFile: path.join(folder, 'expert.json'),
    trainingFolder: path.join(folder, 'training'),
  };
}

/** Creates the folder for this user alone. */
export async function ensureExpertFolder({ folder }: ExpertFolder): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** Returns a workspace's record, or `undefined` if there is none that can be read. */
export async function readExpertRecord({ recordFile }: ExpertFolder): Promise<ExpertRecord | undefined> {
  try {
    return schema.parse(parseJson(await readFile(recordFile, 'utf8')));
  } catch {
    return undefined;
  }
}

export async function writeExpertRecord({ recordFile }: ExpertFolder, record: ExpertRecord): Promise<void> {
  await writeWhole(recordFile, JSON.stringify(record, undefined, 2));
}

/** Deletes everything that was learnt from a workspace. */
export async function forgetExpert(learning: string, name: string): Promise<void> {
  await rm(expertFolder(learning, name).folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
