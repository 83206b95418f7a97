/** The results of each model by its name in the tables. The first of several models is the reference for the others. */
export type ByName<Results> = ReadonlyMap<string, Results>;

export interface Table {
  readonly markdown: string;
  readonly figures: object;
}

export interface GroupedOptions<Result, Figure> {
  /** The ids of the results in each row. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Returns the figure of a model's results in one row, compared with the reference's. The reference itself has no
   * comparison.
   */
  readonly figureOf: (own: ReadonlyMap<string, Result>, reference: ReadonlyMap<string, Result> | undefined) => Figure;
  /** `total` is the number of results of a whole run. */
  readonly cellOf: (figure: Figure, total: number) => string;
}

/** Returns a table with a column for each model and a row for each group of results. Missing results have no figure. */
export function groupedTable<Result, Figure extends object>(
  models: ByName<ReadonlyMap<string, Result>>,
  { groups, figureOf, cellOf }: GroupedOptions<Result, Figure>,
): Table {
  const [reference] = models.values();
  const figures = new Map(
    [...models].map(([name, results]) => [
      name,
      new Map([...groups].flatMap(([row, ids]) => figureIn(results, row, ids))),
    ]),
  );
  const cells = (row: string, ids: ReadonlySet<string>): readonly string[] =>
    [...figures.values()].map((own) => {
      const figure = own.get(row);
      return figure ? cellOf(figure, ids.size) : '–';
    });
  return {
    markdown: modelTable([...models.keys()], new Map([...groups].map(([row, ids]) => [row, cells(row, ids)]))),
    figures: Object.fromEntries([...figures].map(([name, own]) => [name, Object.fromEntries(own)])),
  };

  function figureIn(
    results: ReadonlyMap<string, Result>,
    row: string,
    ids: ReadonlySet<string>,
  ): readonly (readonly [string, Figure])[] {
    const own = only(results, ids);
    return own.size === 0 ? [] : [[row, figureOf(own, results === reference ? undefined : reference)]];
  }
}

/** Returns Markdown with a column for each model, from each row's cells. */
export function modelTable(models: readonly string[], rows: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...rows].map(([row, cells]) => `| ${row} | ${cells.join(' | ')} |`);
  return `| | ${models.join(' | ')} |\n|---|${models.map(() => '---:|').join('')}\n${lines.join('\n')}`;
}

/** Returns the ids of items by the rows that they count in, in the order of their first items. */
export function groupsOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  rowsOf: (item: Item) => readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const item of items)
    for (const row of rowsOf(item)) groups.set(row, (groups.get(row) ?? new Set()).add(item.id));
  return groups;
}

function only<Result>(results: ReadonlyMap<string, Result>, ids: ReadonlySet<string>): ReadonlyMap<string, Result> {
  return new Map([...results].filter(([id]) => ids.has(id)));
}
