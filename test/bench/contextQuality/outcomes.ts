import { readFile, writeFile } from 'node:fs/promises';

/** What came of one thing that was asked: nats per token, or of each question 1 where it was answered right, else 0. */
export type OutcomeValue = number | string;

/** Of one task and model: what came of each thing, by what `keptBy` says of the cache. */
export type OutcomesByCache = ReadonlyMap<string, ReadonlyMap<string, OutcomeValue>>;

interface TaskRecord {
  /** Of the task; others would ask something else. */
  readonly settings: string;
  readonly ids: readonly string[];
  /** In the order of `ids`; null: not measured yet. */
  readonly byCache: Readonly<Record<string, readonly (OutcomeValue | null)[]>>;
}

/** By the model's digest and the task. */
type Records = Readonly<Record<string, Readonly<Record<string, TaskRecord>>>>;

/**
 * Outcomes one by one, in a file of the repository beside the page that is made of them: a page that takes many hours is made on several days, and on more than one machine.
 */
export class OutcomesFile {
  constructor(private readonly file: string) {}

  /** What is there of a task with these settings; empty where nothing is, or of other settings. */
  async read(model: string, task: string, settings: string): Promise<OutcomesByCache> {
    const record = (await this.#records())[model]?.[task];
    if (record?.settings !== settings) return new Map();
    const ofIds = (outcomes: readonly (OutcomeValue | null)[]): ReadonlyMap<string, OutcomeValue> => new Map(record.ids.flatMap((id, index) => (typeof outcomes[index] === 'number' || typeof outcomes[index] === 'string' ? [[id, outcomes[index]] as const] : [])));
    return new Map(Object.entries(record.byCache).map(([cache, outcomes]) => [cache, ofIds(outcomes)]));
  }

  /** Adds to what is there of a task with these settings, or replaces what is there of others. */
  async add(model: string, task: string, { settings, outcomes }: { readonly settings: string; readonly outcomes: OutcomesByCache }): Promise<void> {
    const merged = new Map([...(await this.read(model, task, settings))].map(([cache, byId]) => [cache, new Map(byId)]));
    for (const [cache, byId] of outcomes) merged.set(cache, new Map([...(merged.get(cache) ?? []), ...byId]));
    const ids = [...new Set([...merged.values()].flatMap((byId) => [...byId.keys()]))].sort((first, second) => first.localeCompare(second, 'en', { numeric: true }));
    const byCache = Object.fromEntries([...merged].filter(([, byId]) => byId.size > 0).map(([cache, byId]) => [cache, ids.map((id) => byId.get(id) ?? null)]));
    const records = await this.#records();
    const changed: Records = { ...records, [model]: { ...records[model], [task]: { settings, ids, byCache } } };
    await writeFile(this.file, `${text(changed)}\n`);
  }

  async #records(): Promise<Records> {
    const written = await readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    return JSON.parse(written) as Records;
  }
}

/** JSON with a line for each cache and for the ids, so that a change shows what it changed. */
function text(records: Records): string {
  const lists: string[] = [];
  const marked = JSON.stringify(records, (_, value: unknown) => (Array.isArray(value) ? `@${lists.push(JSON.stringify(value)) - 1}` : value), 1);
  return marked.replaceAll(/"@(\d+)"/g, (_, index: string) => lists[Number(index)] as string);
}
