/** A measure of all rows. */
export interface ChartColumn {
  readonly name: string;
  /** By row. `undefined` means not measured. */
  readonly values: readonly (number | undefined)[];
  /** The value of the longest bar. Default: the largest value. */
  readonly max?: number;
  readonly format: (value: number) => string;
}

const ROW_HEIGHT = 20;
const LABEL_WIDTH = 84;
const COLUMN_WIDTH = 190;
const BAR_WIDTH = 120;
const TOP = 64;

/** Draws measures as bars in SVG, with a row for each label and a column for each measure. */
export function barChart({
  title,
  labels,
  columns,
}: {
  readonly title: string;
  readonly labels: readonly string[];
  readonly columns: readonly ChartColumn[];
}): string {
  const width = LABEL_WIDTH + COLUMN_WIDTH * columns.length;
  const height = TOP + ROW_HEIGHT * labels.length + 16;
  const text = (x: number, y: number, content: string, more = ''): string =>
    `<text x="${x}" y="${y}"${more}>${escaped(content)}</text>`;
  const baseline = (row: number): number => TOP + ROW_HEIGHT * row + 14;
  const bars = columns.flatMap(({ name, values, max, format }, column) => {
    const left = LABEL_WIDTH + COLUMN_WIDTH * column;
    const scale = BAR_WIDTH / (max ?? (Math.max(...values.map((value) => value ?? 0)) || 1));
    return [
      text(left, TOP - 10, name, ' font-weight="bold"'),
      ...values.flatMap((value, row) =>
        value === undefined
          ? [text(left, baseline(row), '–')]
          : [
              `<rect x="${left}" y="${TOP + ROW_HEIGHT * row + 3}" width="${(value * scale).toFixed(1)}" height="${ROW_HEIGHT - 6}" fill="#3b6ea5"/>`,
              text(Math.round(left + value * scale) + 6, baseline(row), format(value)),
            ],
      ),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(12, 24, title, ' font-size="14"'),
    ...labels.map((label, row) => text(LABEL_WIDTH - 10, baseline(row), label, ' text-anchor="end"')),
    ...bars,
    '</svg>',
    '',
  ].join('\n');
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
