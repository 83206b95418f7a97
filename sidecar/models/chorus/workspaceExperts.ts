import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { TroubleError } from '../../common/troubleError.ts';
import type { EngineGenerateParams, ExpertFile } from '../../protocol/engine.ts';
import type { AdapterFile } from '../adapters/adapterFile.ts';
import { openAdapter } from '../adapters/openAdapters.ts';
import { adaptTable, type AdaptedTable } from '../adapters/withAdapters.ts';
import type { ChorusSequence } from './chorusSequence.ts';
import type { CheckedModel } from './network/openNetwork.ts';
import type { Network } from './network/network.ts';

/** The most experts in memory. One of rank 16 takes 30 MB beside a model of 0.5 billion weights. */
const MAX_EXPERTS = 4;

interface LoadedExpert {
  readonly path: string;
  /** Whether its file was deleted. Later another expert may have the same path. */
  isDeleted: boolean;
  /** Unique, so that no graph of an earlier expert is used again. */
  readonly adapterSet: string;
  readonly adapted: AdaptedTable;
  /** Identifies the values of all adapters that count. */
  readonly key: string;
}

/** A request's choice of adapters. */
type Choice = Pick<EngineGenerateParams, 'purpose' | 'expert'>;

export interface WorkspaceExpertsOptions {
  readonly model: CheckedModel;
  readonly network: Network;
  /** The adapters that count for completion without an expert of a workspace. */
  readonly others: readonly AdapterFile[];
  /** The names of the adapters that sequences use now. */
  readonly inUse: () => readonly string[];
  /** Receives a line for the user's log. */
  readonly report: (line: string) => void;
}

/**
 * The experts of workspaces over one model. An expert is loaded with the first request that needs it. The base and its
 * caches stay. The least recently used expert leaves memory first.
 */
export class WorkspaceExperts implements Disposable {
  /** By file and version, the least recently used first. `undefined`: the file can't be used. */
  readonly #experts = new Map<string, LoadedExpert | undefined>();
  #count = 0;

  constructor(private readonly options: WorkspaceExpertsOptions) {}

  /**
   * Returns the name of the adapters for a request. Loads the expert if needed. An expert that can't be used is
   * reported once, and the model's own adapters count instead.
   */
  async adapterSet({ purpose = 'completion', expert }: Choice): Promise<string> {
    if (purpose !== 'completion' || expert === undefined) return purpose;
    const id = `${expert.path} ${expert.version}`;
    const isKnown = this.#experts.has(id);
    const loaded = isKnown ? this.#experts.get(id) : await this.#load(expert);
    this.#experts.delete(id);
    this.#experts.set(id, loaded);
    return loaded?.adapterSet ?? purpose;
  }

  /** The key of the adapters with this name, or `undefined` if they belong to no workspace. */
  keyOf(adapterSet: string): string | undefined {
    return [...this.#experts.values()].find((each) => each?.adapterSet === adapterSet)?.key;
  }

  get gpuBytes(): number {
    return [...this.#experts.values()].reduce((sum, each) => sum + (each?.adapted.gpuBytes ?? 0), 0);
  }

  async #load({ path }: ExpertFile): Promise<LoadedExpert | undefined> {
    const { model, network, others, report } = this.options;
    const start = performance.now();
    try {
      const file = await openAdapter(path, model);
      if (file.mixture)
        throw new TroubleError('invalid-model', `${path} is a mixture. The expert of a workspace has no routers.`);
      this.#makeRoom();
      const { placement, weights } = network.options;
      const counting = [...others.filter(({ key }) => !file.includes.includes(key)), file];
      const adapted = adaptTable(weights.table, counting, placement);
      const adapterSet = `expert:${this.#count++}`;
      network.addAdapterSet(adapterSet, adapted.table);
      report(`Loaded the expert of a workspace in ${Math.round(performance.now() - start)} ms.`);
      return { path, isDeleted: false, adapterSet, adapted, key: counting.map(({ key }) => key).join(' ') };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      report(`The expert of a workspace can't be used. The model completes without it. ${reason}`);
      return undefined;
    }
  }

  /** Frees the least recently used experts that no sequence uses, until one more fits. */
  #makeRoom(): void {
    const inUse = new Set(this.options.inUse());
    for (const [id, expert] of this.#experts) {
      if (this.#experts.size < MAX_EXPERTS) return;
      if (expert && inUse.has(expert.adapterSet)) continue;
      this.#experts.delete(id);
      this.#free(expert);
    }
  }

  /**
   * Frees the experts whose files were deleted. The sequences of `idle` that have rows of such an expert are emptied.
   * Returns whether other sequences still use some.
   */
  freeDeleted(idle: readonly Pick<ChorusSequence, 'adapterSet' | 'begin'>[]): 'all freed' | 'some remain' {
    for (const expert of this.#experts.values()) if (expert) expert.isDeleted ||= !existsSync(expert.path);
    const deleted = [...this.#experts].filter(([, expert]) => expert?.isDeleted);
    for (const sequence of idle)
      if (deleted.some(([, expert]) => expert?.adapterSet === sequence.adapterSet)) sequence.begin('completion');
    const inUse = new Set(this.options.inUse());
    const unused = deleted.filter(([, expert]) => expert && !inUse.has(expert.adapterSet));
    for (const [id, expert] of unused) {
      this.#experts.delete(id);
      this.#free(expert);
      this.options.report('Removed the deleted expert of a workspace from memory.');
    }
    return unused.length === deleted.length ? 'all freed' : 'some remain';
  }

  #free(expert: LoadedExpert | undefined): void {
    if (!expert) return;
    this.options.network.removeAdapterSet(expert.adapterSet);
    expert.adapted[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const expert of this.#experts.values()) this.#free(expert);
    this.#experts.clear();
  }
}
