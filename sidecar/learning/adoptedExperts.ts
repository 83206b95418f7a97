import { stat } from 'node:fs/promises';
import type { ExpertFile, LoadedModel } from '../protocol/engine.ts';
import { modelDigest } from './baseDigest.ts';
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
  #digest: (Seen<string> & { readonly path: string }) | undefined;

  /** `learning`: the folder of what was learnt from workspaces. */
  constructor(private readonly learning: string) {}

  /**
   * Returns the expert of a workspace for a model, or `undefined` if there is none. `name` is that of the workspace's
   * evaluated contexts.
   */
  async of(name: string, { path, engine }: Pick<LoadedModel, 'path' | 'engine'>): Promise<ExpertFile | undefined> {
    if (engine !== 'chorus') return undefined;
    const folder = expertFolder(this.learning, name);
    const state = await stateOf(folder.recordFile);
    if (state === undefined) {
      this.#records.delete(name);
      return undefined;
    }
    let record = this.#records.get(name);
    if (record?.state !== state) this.#records.set(name, (record = { state, value: await readExpertRecord(folder) }));
    if (!record.value?.adopted || record.value.base.model !== (await this.#digestOf(path))) return undefined;
    const version = await stateOf(folder.expertFile);
    return version === undefined ? undefined : { path: folder.expertFile, version };
  }

  async #digestOf(path: string): Promise<string | undefined> {
    const state = await stateOf(path);
    if (state === undefined) return undefined;
    if (this.#digest?.path !== path || this.#digest.state !== state)
      this.#digest = { path, state, value: await modelDigest(path) };
    return this.#digest.value;
  }
}

/** Returns the size and time of a file, or `undefined` if there is no such file. */
async function stateOf(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found && `${found.size} ${found.mtimeMs}`;
}
