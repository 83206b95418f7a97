import type { SkippedFiles } from '../protocol/client.ts';

const OF_FILES = {
  tooLarge: 'too large',
  endlessLines: 'with endless lines',
  binary: 'binary',
  unreadable: 'unreadable',
  notGiven: 'not given',
} as const;

type Reason = keyof SkippedFiles | 'endlessLines' | 'notGiven';

/** Counts the files that a listing of a workspace leaves out. */
export class SkipCounts {
  readonly #counts = new Map<Reason, number>();

  /**
   * Adds files that the client or the sidecar left out. `endlessLines` are minified files, `notGiven` are files without
   * a text and without a reason.
   */
  add(skipped: SkippedFiles & { readonly endlessLines?: number; readonly notGiven?: number } = {}): void {
    for (const [reason, count] of Object.entries(skipped) as [Reason, number | undefined][])
      this.#counts.set(reason, this.#of(reason) + (count ?? 0));
  }

  /** A line for the log, without names. `undefined` if no file was left out. */
  get line(): string | undefined {
    const reasons = (Object.keys(OF_FILES) as (keyof typeof OF_FILES)[]).filter((reason) => this.#of(reason) > 0);
    const files = reasons.reduce((sum, reason) => sum + this.#of(reason), 0);
    const [links, folders] = [this.#of('links'), this.#of('tooDeep')];
    const parts = [
      ...(files > 0
        ? [
            `skipped ${counted(files, 'file')}: ${reasons.map((reason) => `${this.#of(reason)} ${OF_FILES[reason]}`).join(', ')}`,
          ]
        : []),
      ...(links > 0 ? [`${counted(links, 'link')} not followed`] : []),
      ...(folders > 0 ? [`${counted(folders, 'folder')} too deep`] : []),
    ];
    return parts.length > 0 ? `index: ${parts.join('; ')}` : undefined;
  }

  #of(reason: Reason): number {
    return this.#counts.get(reason) ?? 0;
  }
}

/** Returns how many files a client left out for a reason that it gave. */
export function filesIn({ tooLarge = 0, binary = 0, unreadable = 0, links = 0 }: SkippedFiles = {}): number {
  return tooLarge + binary + unreadable + links;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
