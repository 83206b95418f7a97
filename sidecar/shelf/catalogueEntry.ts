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
  /** Where the model's files are, or would be. */
  readonly folder: string;
  readonly machine: Machine;
  readonly contextSizeTokens: number;
  readonly downloads: Downloads;
}

/** Where the files of a catalogue's model are kept. */
export function modelFolder(modelsFolder: string, { id }: Pick<CatalogueModel, 'id'>): string {
  return path.join(modelsFolder, id);
}

/** A catalogue's model as the shelf shows it. What is recommended is known only beside the others. */
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
