import path from 'node:path';
import { MODELS_FOLDER } from '../common/home.ts';
import { TroubleError } from '../common/troubleError.ts';
import type {
  CatalogueShelfEntry,
  DownloadProgress,
  DownloadResult,
  DownloadSettings,
  LocalModel,
  RemoveModelParams,
  ShelfResult,
  Trouble,
} from '../protocol/client.ts';
import { builtInCatalogue, extendCatalogue } from './catalogue/catalogue.ts';
import { readCatalogue } from './catalogue/readCatalogue.ts';
import { CATALOGUES_FOLDER, type CatalogueModel, type CatalogueQuantisation } from './catalogue/schema.ts';
import { modelPath } from './download/downloadModel.ts';
import { Downloads } from './download/downloads.ts';
import type { DownloadTiming } from './download/downloadFile.ts';
import { isPathInside, realPathOf } from '../common/findFiles.ts';
import { HttpClient } from '../common/http/httpClient.ts';
import { requireMirror } from '../common/http/mirror.ts';
import { catalogueEntry, modelFolder } from './catalogueEntry.ts';
import { importModel, removeImportLeftovers } from './importModel.ts';
import type { Machine } from './machine.ts';
import { recommended, type Candidate } from './recommend.ts';
import { removeDownloaded, removeModel, requireUnused } from './removeModel.ts';

export interface ShelfOptions {
  /** Chorus's per-user folder. */
  readonly homeFolder: string;
  /** Finds the models of this machine, including those in a folder. */
  readonly localModels: (modelsFolder: string) => Promise<readonly LocalModel[]>;
  readonly timing?: DownloadTiming;
}

/** The client's settings and this machine, for a request about a model. */
export interface ShelfSettings {
  readonly downloads: DownloadSettings;
  /** 0 means automatic. */
  readonly contextSizeTokens: number;
  /** Called only if a plan is needed, since it may start an engine. */
  readonly machine: () => Promise<Machine>;
  /** The path of the chosen model, in memory or not. */
  readonly chosenPath: () => Promise<string | undefined>;
}

export interface ShelfWork {
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
}

/** The models of this machine and of the catalogues. Downloads, imports and removes them. */
export class Shelf {
  readonly #downloads: Downloads = new Downloads();

  constructor(private readonly options: ShelfOptions) {}

  /** Returns the models of this machine, including downloads. */
  async local(downloads: DownloadSettings): Promise<readonly LocalModel[]> {
    return this.options.localModels(await this.modelsFolder(downloads));
  }

  /** Returns all models to choose from. An invalid catalogue of the user only adds a warning. */
  async list(settings: ShelfSettings): Promise<ShelfResult> {
    const { downloads } = settings;
    const folder = await this.modelsFolder(downloads);
    await removeImportLeftovers(folder).catch(() => undefined);
    const [local, { models, trouble }] = await Promise.all([this.local(downloads), this.#catalogue(downloads)]);
    const entries = await this.#entries(models, settings);
    const hasBundled = local.some(({ source }) => source === 'bundled');
    const best = recommended(entries, { hasBundled });
    const chosenPath = await settings.chosenPath();
    const realChosenPath = chosenPath && (await realPathOf(chosenPath));
    return {
      entries: [
        ...(await Promise.all(
          local.map(async (model) => ({
            kind: 'local' as const,
            model,
            isChosen: (await realPathOf(model.path)) === realChosenPath,
            isRemovable: isPathInside(model.path, folder),
            isRecommended: best === undefined && model.source === 'bundled',
          })),
        )),
        ...entries.map((entry) => ({
          ...entry,
          quantisations: entry.quantisations.map((quantisation) => ({
            ...quantisation,
            isRecommended: quantisation === best?.quantisation,
          })),
        })),
      ],
      catalogueTrouble: trouble,
    };
  }

  /** Downloads a model and returns its path. Throws `TroubleError`, and the signal's reason if the download pauses. */
  async download(
    wanted: { readonly id: string; readonly quantisation?: string },
    settings: ShelfSettings,
    { onProgress, signal }: ShelfWork,
  ): Promise<DownloadResult> {
    const { downloads } = settings;
    const mirror = requireMirror(downloads.mirror);
    const { model, quantisation } = await this.#find(wanted, settings);
    const folder = modelFolder(await this.modelsFolder(downloads), model);
    const client = await HttpClient.open(downloads.network);
    const request = {
      files: quantisation.files,
      folder,
      client,
      mirror,
      onProgress,
      signal,
      timing: this.options.timing,
    };
    return this.#downloads.download(request, () => client.close());
  }

  /** Copies a GGUF file to the models folder and returns its path. Throws `TroubleError`. */
  async import(file: string, downloads: DownloadSettings, work: ShelfWork): Promise<string> {
    return importModel({ ...work, file, modelsFolder: await this.modelsFolder(downloads) });
  }

  /**
   * Removes a model that was downloaded or imported, or a partial download. Refuses the chosen model. Throws
   * `TroubleError`.
   */
  async remove(
    params: RemoveModelParams,
    { downloads, chosenPath }: Pick<ShelfSettings, 'downloads' | 'chosenPath'>,
  ): Promise<void> {
    const folder = await this.modelsFolder(downloads);
    const chosen = await chosenPath();
    if ('path' in params) {
      await requireUnused(params.path, chosen);
      return removeModel(params.path, folder, await this.local(downloads));
    }
    const { models } = await this.#catalogue(downloads);
    const { model, quantisation } = named(params, models);
    await requireUnused(modelPath(modelFolder(folder, model), quantisation.files), chosen);
    await this.#downloads.cancel(modelFolder(folder, model), quantisation.files);
    await removeDownloaded(modelFolder(folder, model), quantisation.files);
  }

  /**
   * Returns the real path of the models folder, as paths of found models have no links either. Throws `TroubleError`
   * 'download-failed' if the setting is no absolute path.
   */
  async modelsFolder({ folder }: DownloadSettings): Promise<string> {
    if (folder === undefined || folder === '') return realPathOf(path.join(this.options.homeFolder, MODELS_FOLDER));
    if (!path.isAbsolute(folder))
      throw new TroubleError(
        'download-failed',
        `chorus.downloads.folder: expected an absolute path, got ${folder.slice(0, 300)}`,
      );
    return realPathOf(folder);
  }

  /** Pauses all downloads. */
  dispose(): Promise<void> {
    return this.#downloads.pauseAll();
  }

  async #catalogue({
    catalogue,
    network,
  }: DownloadSettings): Promise<{ models: readonly CatalogueModel[]; trouble?: Trouble }> {
    const builtIn = builtInCatalogue();
    if (catalogue === undefined || catalogue === '') return { models: builtIn.models };
    try {
      const own = await readCatalogue(catalogue, {
        network,
        cacheFolder: path.join(this.options.homeFolder, MODELS_FOLDER, CATALOGUES_FOLDER),
      });
      return { models: extendCatalogue(builtIn, own.catalogue), trouble: own.trouble && troubleOf(own.trouble) };
    } catch (error) {
      if (!(error instanceof TroubleError)) throw error;
      return { models: builtIn.models, trouble: troubleOf(error) };
    }
  }

  async #entries(
    models: readonly CatalogueModel[],
    { downloads, machine: describe, contextSizeTokens }: ShelfSettings,
  ): Promise<CatalogueShelfEntry[]> {
    const folder = await this.modelsFolder(downloads);
    const machine = await describe();
    return Promise.all(
      models.map((model) =>
        catalogueEntry(model, {
          folder: modelFolder(folder, model),
          machine,
          contextSizeTokens,
          downloads: this.#downloads,
        }),
      ),
    );
  }

  async #find(
    { id, quantisation: type }: { readonly id: string; readonly quantisation?: string },
    settings: ShelfSettings,
  ): Promise<{ model: CatalogueModel; quantisation: CatalogueQuantisation }> {
    const { models } = await this.#catalogue(settings.downloads);
    if (type !== undefined) return named({ id, quantisation: type }, models);
    const entries = await this.#entries(
      models.filter((model) => model.id === id),
      settings,
    );
    const best: Candidate['quantisation'] | undefined =
      recommended(entries, { hasBundled: false })?.quantisation ??
      entries[0]?.quantisations.find(({ plan }) => plan.fit !== 'none') ??
      entries[0]?.quantisations[0];
    return named({ id, quantisation: best?.type ?? '' }, models);
  }
}

function troubleOf({ code, message }: TroubleError): Trouble {
  return { code, message };
}

function named(
  { id, quantisation: type }: { readonly id: string; readonly quantisation: string },
  models: readonly CatalogueModel[],
): { model: CatalogueModel; quantisation: CatalogueQuantisation } {
  const model = models.find((each) => each.id === id);
  if (!model)
    throw new TroubleError(
      'invalid-input',
      `No catalogue has a model "${id.slice(0, 100)}". There are: ${models
        .map((each) => each.id)
        .join(', ')
        .slice(0, 1000)}`,
    );
  const quantisation = model.quantisations.find((each) => each.type.toLowerCase() === type.toLowerCase());
  if (!quantisation)
    throw new TroubleError(
      'invalid-input',
      `${model.name} is not there as "${type.slice(0, 100)}", but as ${model.quantisations.map((each) => each.type).join(', ')}`,
    );
  return { model, quantisation };
}
