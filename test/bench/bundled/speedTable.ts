import { median } from '../statistics.ts';
import { modelTable, type ByName, type Table } from './groupedTable.ts';
import type { Speed } from './speed.ts';

interface Figure {
  readonly median: number;
  /** The median of the rounds' ratios to the reference. */
  readonly ratio: number;
}

const ROWS: readonly { readonly key: keyof Speed; readonly name: string; readonly cell: (value: number) => string }[] =
  [
    { key: 'residentBytes', name: 'memory, MiB', cell: mebibytes },
    { key: 'peakBytes', name: 'memory at its peak, MiB', cell: mebibytes },
    { key: 'prompt', name: 'prompt, tokens/s', cell: (value) => value.toFixed(0) },
    { key: 'decode', name: 'decoding, tokens/s', cell: (value) => value.toFixed(1) },
    { key: 'firstTokenMs', name: 'time to the first token, ms', cell: (value) => value.toFixed(0) },
  ];

/**
 * Returns size, memory and speed. They are medians of rounds in which each model had its turn, with their ratio to the
 * first model's in brackets.
 */
export function speedTable(models: ByName<readonly Speed[]>, sizesBytes: ByName<number>): Table {
  const [reference] = models.values();
  const figures = new Map(
    [...models].map(([name, rounds]) => [name, figuresOf(rounds, reference as readonly Speed[])]),
  );
  const sizes = [...models.keys()].map((name) => sizesBytes.get(name) as number);
  const isReference = (index: number): boolean => index === 0;
  const cell = (value: string, ratio: number, index: number): string =>
    isReference(index) ? value : `${value} (× ${ratio.toFixed(2)})`;
  const rows = new Map([
    ['MB', sizes.map((size, index) => cell((size / 1e6).toFixed(1), size / (sizes[0] as number), index))],
    ...ROWS.map(
      ({ key, name, cell: text }) =>
        [name, [...figures.values()].map((own, index) => cell(text(own[key].median), own[key].ratio, index))] as const,
    ),
  ]);
  return {
    markdown: modelTable([...models.keys()], rows),
    figures: Object.fromEntries([...figures].map(([name, own], index) => [name, { sizeBytes: sizes[index], ...own }])),
  };
}

function figuresOf(rounds: readonly Speed[], reference: readonly Speed[]): Readonly<Record<keyof Speed, Figure>> {
  const figures = ROWS.map(({ key }) => {
    const values = rounds.map((round) => round[key]);
    return [
      key,
      { median: median(values), ratio: median(values.map((value, round) => value / (reference[round] as Speed)[key])) },
    ] as const;
  });
  return Object.fromEntries(figures) as Record<keyof Speed, Figure>;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
