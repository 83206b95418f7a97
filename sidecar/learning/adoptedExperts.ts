import { stat } from 'node:fs/promises';
import type { ExpertFile, LoadedModel } from '../protocol/engine.ts';
import { expertsDigest, modelDigest } from './baseDigest.ts';
import { expertFolder, readExpertRecord, type ExpertRecord } from './expertStore.ts';

/** The value that was read from a file, and the state of that file. */
interface Seen<Value> {
  readonly state: string;
  readonly value: Value;
}

/**
 * Finds the experts that were learnt from workspaces and adopted. Changes on disk count from the next call on, since
 * `chorus learn` and `chorus forget` are processes of their own.
 */
export class AdoptedExperts {
  readonly #records = new Map<string, Seen<ExpertRecord | undefined>>();
  /** The digests of models and of their own experts, by path. */
  readonly #digests = new Map<string, Seen<string>>();

  /** `learning`: the folder of what was learnt from workspaces. */
  constructor(private readonly learning: string) {}

  /**
   * Returns the expert of a workspace for a model, or `undefined` if there is none. `name` is that of the workspace's
   * evaluated contexts.
   */
  async of(name: string, model: Pick<LoadedModel, 'path' | 'engine' | 'adapters'>): Promise<ExpertFile | undefined> {
    if (model.engine !== 'chorus') return undefined;
    const folder = expertFolder(this.learning, name);
    const state = await stateOf(folder.recordFile);
    if (state === undefined) {
      this.#records.delete(name);
      return undefined;
    }
    let record = this.#records.get(name);
    if (record?.state !== state) this.#records.set(name, (record = { state, value: await readExpertRecord(folder) }));
    if (!record.value?.adopted || !(await this.#fits(record.value.base, model))) return undefined;
    const version = await stateOf(folder.expertFile);
    return version === undefined ? undefined : { path: folder.expertFile, version };
  }

  /** Whether an expert was trained on this model, and began with the experts that the model has. */
  async #fits(
    { model, start }: ExpertRecord['base'],
    { path, adapters }: Pick<LoadedModel, 'path' | 'adapters'>,
  ): Promise<boolean> {
    if (model !== (await this.#digestOf(path, modelDigest))) return false;
    const own = adapters?.find(({ isOwn }) => isOwn)?.path;
    return start === undefined || own === undefined || start === (await this.#digestOf(own, expertsDigest));
  }

  async #digestOf(path: string, digest: (path: string) => Promise<string>): Promise<string | undefined> {
    const state = await stateOf(path);
    if (state === undefined) return undefined;
    let seen = this.#digests.get(path);
    if (seen?.state !== state) this.#digests.set(path, (seen = { state, value: await digest(path) }));
    return seen.value;
  }
}

/** Returns the size and time of a file, or `undefined` if there is no such file. */
async function stateOf(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found && `${found.size} ${found.mtimeMs}`;
}
