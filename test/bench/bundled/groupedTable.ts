/**
 * Results of one model by the name in the tables. The first of several is the reference that the others are compared
 * with.
 */
export type ByName<Results> = ReadonlyMap<string, Results>;

export interface Table {
  readonly markdown: string;
  readonly figures: object;
}

export interface GroupedOptions<Result, Figure> {
  /** Ids of the results in each row. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of a model's results in one row, and those of the reference; the reference itself has none to compare with. */
  readonly figureOf: (own: ReadonlyMap<string, Result>, reference: ReadonlyMap<string, Result> | undefined) => Figure;
  /** `total`: how many results a whole run has there. */
  readonly cellOf: (figure: Figure, total: number) => string;
}

/** A column for each model and a row for each group of results; what was not measured has no figure. */
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

/** Markdown with a column for each model, of each row's cells. */
export function modelTable(models: readonly string[], rows: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...rows].map(([row, cells]) => `| ${row} | ${cells.join(' | ')} |`);
  return `| | ${models.join(' | ')} |\n|---|${models.map(() => '---:|').join('')}\n${lines.join('\n')}`;
}

/** Ids of items by the rows that they count in, the rows in the order in which they come. */
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
