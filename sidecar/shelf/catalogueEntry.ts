import path from 'node:path';
import { CHORUS_ARCHITECTURES } from '../models/architectures/names.ts';
import type { CatalogueShelfEntry, ShelfQuantisation } from '../protocol/client.ts';
import { fileNameOf, type CatalogueModel, type CatalogueQuantisation } from './catalogue/schema.ts';
import { isPresent, modelPath } from './download/downloadModel.ts';
import type { Downloads } from './download/downloads.ts';
import { partialBytes } from './download/partialFile.ts';
import { fileSize } from '../common/fileSize.ts';
import type { Machine } from './machine.ts';
import { planEntry, sizeOf } from './planEntry.ts';

export interface EntryContext {
  /** The folder of the model's files, whether or not they exist. */
  readonly folder: string;
  readonly machine: Machine;
  readonly contextSizeTokens: number;
  readonly downloads: Downloads;
}

/** Returns the folder of a catalogue model's files. */
export function modelFolder(modelsFolder: string, { id }: Pick<CatalogueModel, 'id'>): string {
  return path.join(modelsFolder, id);
}

/**
 * Returns a catalogue model as the shelf shows it. The recommendation is added later, since it depends on all models.
 */
export async function catalogueEntry(model: CatalogueModel, context: EntryContext): Promise<CatalogueShelfEntry> {
  const {
    id,
    name,
    publisher,
    page,
    parameters,
    activeParameters,
    contextTokens,
    completesInTheMiddle,
    answers,
    languages,
    licence,
    architecture,
  } = model;
  return {
    kind: 'catalogue',
    id,
    name,
    publisher,
    page,
    parameters,
    activeParameters,
    contextTokens,
    completesInTheMiddle,
    answers,
    languages,
    licence,
    engine: CHORUS_ARCHITECTURES.includes(architecture) ? 'chorus' : 'llama',
    quantisations: await Promise.all(
      model.quantisations.map((quantisation) => shelfQuantisation(model, quantisation, context)),
    ),
  };
}

async function shelfQuantisation(
  model: CatalogueModel,
  quantisation: CatalogueQuantisation,
  { folder, machine, contextSizeTokens, downloads }: EntryContext,
): Promise<ShelfQuantisation> {
  const { type, files } = quantisation;
  const target = modelPath(folder, files);
  const common = {
    type,
    sizeBytes: sizeOf(quantisation),
    plan: planEntry(model, quantisation, machine, contextSizeTokens),
    isRecommended: false,
  };
  if (await isPresent(folder, files)) return { ...common, state: 'present', path: target };
  const parts = await Promise.all(files.map(async (file) => receivedOf(path.join(folder, fileNameOf(file)))));
  const receivedBytes = parts.reduce((sum, bytes) => sum + bytes, 0);
  const state = downloads.isRunning(target) ? 'downloading' : receivedBytes > 0 ? 'partial' : 'absent';
  return { ...common, state, ...(receivedBytes > 0 ? { receivedBytes } : {}) };
}

async function receivedOf(targetPath: string): Promise<number> {
  return (await partialBytes(targetPath)) ?? (await fileSize(targetPath)) ?? 0;
}
