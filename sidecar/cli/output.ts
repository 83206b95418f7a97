import { inOneLine, writeForeignText } from './terminal.ts';

/** Writes one JSON object on one line of standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${toJson(value)}\n`);
}

/**
 * Returns JSON without control characters. A terminal also interprets those above ASCII, so they are escaped like the
 * others.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}

/** Writes lines of "name value". A field without a value is left out. Further values come below the first. */
export function printFields(fields: readonly (readonly [name: string, ...values: (string | undefined)[]])[]): void {
  const width = Math.max(...fields.map(([name]) => name.length)) + 2;
  for (const [name, ...values] of fields) {
    const present = values.filter((value) => value !== undefined);
    present.forEach((value, index) =>
      writeForeignText(process.stdout, `${(index === 0 ? name : '').padEnd(width)}${inOneLine(value)}\n`),
    );
  }
}

/** Returns lines of columns as wide as their widest cell, with numbers aligned right. The first row is the header. */
export function formatTable(cells: readonly (readonly string[])[]): readonly string[] {
  const rows = cells.map((row) => row.map(inOneLine));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const isText = widths.map((_, column) => rows.slice(1).some((row) => /[a-z]/.test(row[column] ?? '')));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        isText[column] ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Formats a share like "62.5 %". */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Formats a size like "98.4 MB", in powers of ten as file managers do. */
export function formatBytes(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const exponent = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** exponent).toFixed(exponent === 0 ? 0 : 1)} ${units[exponent]}`;
}

/** Reads all of standard input as UTF-8. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
