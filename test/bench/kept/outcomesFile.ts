import { readFile, writeFile } from 'node:fs/promises';

/** The outcome of one item of a task: a number, or a short text. */
export type OutcomeValue = number | string;

/** The outcomes of a task and a model by item, for each variant, such as a choice of cache. */
export type OutcomesByVariant = ReadonlyMap<string, ReadonlyMap<string, OutcomeValue>>;

interface TaskRecord {
  /** The settings of the task. With other settings it is another task. */
  readonly settings: string;
  readonly ids: readonly string[];
  /** In the order of `ids`. Null means not measured yet. */
  readonly byVariant: Readonly<Record<string, readonly (OutcomeValue | null)[]>>;
}

/** By the model's digest and the task. */
type Records = Readonly<Record<string, Readonly<Record<string, TaskRecord>>>>;

/**
 * Single outcomes, in a file of the repository beside the page that is made of them. So a page that takes many hours
 * can be made on several days, and on several machines.
 */
export class OutcomesFile {
  constructor(private readonly file: string) {}

  /**
   * Returns the outcomes of a task with these settings. The result is empty if there are none, or only of other
   * settings.
   */
  async read(model: string, task: string, settings: string): Promise<OutcomesByVariant> {
    const record = (await this.#records())[model]?.[task];
    if (record?.settings !== settings) return new Map();
    const ofIds = (outcomes: readonly (OutcomeValue | null)[]): ReadonlyMap<string, OutcomeValue> =>
      new Map(
        record.ids.flatMap((id, index) =>
          typeof outcomes[index] === 'number' || typeof outcomes[index] === 'string'
            ? [[id, outcomes[index]] as const]
            : [],
        ),
      );
    return new Map(Object.entries(record.byVariant).map(([variant, outcomes]) => [variant, ofIds(outcomes)]));
  }

  /** Adds outcomes to those of a task with these settings, and replaces those of other settings. */
  async add(
    model: string,
    task: string,
    { settings, outcomes }: { readonly settings: string; readonly outcomes: OutcomesByVariant },
  ): Promise<void> {
    const merged = new Map(
      [...(await this.read(model, task, settings))].map(([variant, byId]) => [variant, new Map(byId)]),
    );
    for (const [variant, byId] of outcomes) merged.set(variant, new Map([...(merged.get(variant) ?? []), ...byId]));
    const ids = [...new Set([...merged.values()].flatMap((byId) => [...byId.keys()]))].sort((first, second) =>
      first.localeCompare(second, 'en', { numeric: true }),
    );
    const byVariant = Object.fromEntries(
      [...merged]
        .filter(([, byId]) => byId.size > 0)
        .map(([variant, byId]) => [variant, ids.map((id) => byId.get(id) ?? null)]),
    );
    const records = await this.#records();
    const changed: Records = { ...records, [model]: { ...records[model], [task]: { settings, ids, byVariant } } };
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

/** Returns JSON with a line for each variant and for the ids, so that a diff shows the changed lines. */
function text(records: Records): string {
  const lists: string[] = [];
  const marked = JSON.stringify(
    records,
    (_, value: unknown) => (Array.isArray(value) ? `@${lists.push(JSON.stringify(value)) - 1}` : value),
    1,
  );
  return marked.replaceAll(/"@(\d+)"/g, (_, index: string) => lists[Number(index)] as string);
}
