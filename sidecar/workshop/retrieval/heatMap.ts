export interface HeatMap {
  readonly title: string;
  readonly columns: { readonly name: string; readonly labels: readonly string[] };
  readonly rows: { readonly name: string; readonly labels: readonly string[] };
  /** From 0 to 1, by row and column. */
  readonly values: readonly (readonly number[])[];
}

const CELL_WIDTH = 72;
const CELL_HEIGHT = 36;
const LEFT = 80;
const TOP = 48;
const BOTTOM = 56;
/** The margins left and right of the cells, so that a title fits. */
const LEAST_WIDTH = 560;
/** The colours of 0 and of 1, which also differ in lightness. */
const NONE = [122, 4, 3] as const;
const ALL = [230, 245, 208] as const;

/** Draws shares as coloured cells in SVG: dark for nothing found, light for everything. */
export function heatMap({ title, columns, rows, values }: HeatMap): string {
  const width = Math.max(LEAST_WIDTH, LEFT + CELL_WIDTH * columns.labels.length + 20);
  const height = TOP + CELL_HEIGHT * rows.labels.length + BOTTOM;
  const text = (x: number, y: number, content: string, more = 'text-anchor="middle"'): string =>
    `<text x="${x}" y="${y}" ${more}>${escaped(content)}</text>`;
  const center = (column: number): number => LEFT + CELL_WIDTH * (column + 0.5);
  const baseline = (row: number): number => TOP + CELL_HEIGHT * (row + 0.5) + 4;
  const cell = (value: number, row: number, column: number): readonly string[] => [
    `<rect x="${LEFT + CELL_WIDTH * column}" y="${TOP + CELL_HEIGHT * row}" width="${CELL_WIDTH}" height="${CELL_HEIGHT}" fill="${colour(value)}" stroke="white"/>`,
    text(
      center(column),
      baseline(row),
      `${Math.round(100 * value)} %`,
      `text-anchor="middle" fill="${value > 0.5 ? 'black' : 'white'}"`,
    ),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(LEFT, 24, title, 'font-size="14"'),
    ...values.flatMap((line, row) => line.flatMap((value, column) => cell(value, row, column))),
    ...rows.labels.map((label, row) => text(LEFT - 8, baseline(row), label, 'text-anchor="end"')),
    ...columns.labels.map((label, column) => text(center(column), height - BOTTOM + 18, label)),
    text(LEFT - 8, TOP - 8, rows.name, 'text-anchor="end"'),
    text(LEFT + (CELL_WIDTH * columns.labels.length) / 2, height - 16, columns.name),
    '</svg>',
    '',
  ].join('\n');
}

function colour(value: number): string {
  return `rgb(${NONE.map((none, index) => Math.round(none + ((ALL[index] as number) - none) * value)).join(' ')})`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
