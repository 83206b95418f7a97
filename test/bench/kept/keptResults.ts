import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { developerCacheFolder } from '../../../.scripts/fetchModel.ts';

/** The results of one model at one task. They are stored at once, so that several short runs add up to a whole run. */
export class KeptResults<Result extends { readonly id: string }> {
  private constructor(
    private readonly file: string,
    private readonly results: Map<string, Result>,
  ) {}

  /**
   * Opens the results. `model` is the model's digest, or a name if there is no file. `others` are results that are kept
   * elsewhere.
   */
  static async open<Result extends { readonly id: string }>(
    model: string,
    task: string,
    others: readonly Result[] = [],
  ): Promise<KeptResults<Result>> {
    const folder = path.join(developerCacheFolder(), 'evaluations', model.slice(0, 16));
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, `${task}.jsonl`);
    const text = await readFile(file, 'utf8').catch(() => '');
    // An interrupted run may have cut off the last line.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = whole
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Result);
    return new KeptResults(file, new Map([...others, ...lines].map((result) => [result.id, result])));
  }

  get all(): readonly Result[] {
    return [...this.results.values()];
  }

  get(id: string): Result | undefined {
    return this.results.get(id);
  }

  async add(result: Result): Promise<void> {
    await appendFile(this.file, `${JSON.stringify(result)}\n`);
    this.results.set(result.id, result);
  }
}
