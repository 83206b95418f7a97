import { readFile, writeFile } from 'node:fs/promises';

/** The verdicts. Thin: correct, but almost nothing about this code. Misleading: a false statement about it. */
export const VERDICTS = ['right', 'thin', 'misleading'] as const;
type Verdict = (typeof VERDICTS)[number];

/** An explanation, and a reader's verdict on it. The code is not ours to show. */
export interface Explained {
  /** The id of the function. */
  readonly id: string;
  /** The digest of its code. Changed code is explained again. */
  readonly digest: string;
  readonly answer: string;
  /** Written by hand. Empty until it is judged. */
  readonly verdict: Verdict | '';
  readonly why: string;
}

/** Records by the model's digest. */
type Records = Readonly<Record<string, { readonly name: string; readonly explained: readonly Explained[] }>>;

/** Explanations by model, in a file of the repository. A reader writes the verdicts into it. */
export class JudgedFile {
  constructor(private readonly file: string) {}

  /** Reads the explanations of a model. Throws if a verdict is unknown. */
  async read(modelDigest: string): Promise<readonly Explained[]> {
    const explained = (await this.#records())[keyOf(modelDigest)]?.explained ?? [];
    const odd = explained.find(({ verdict }) => verdict !== '' && !VERDICTS.includes(verdict));
    if (odd)
      throw new Error(
        `${this.file}: the verdict on ${odd.id} is "${odd.verdict}". Expected one of ${VERDICTS.join(', ')}, or nothing.`,
      );
    return explained;
  }

  async write(
    model: { readonly digest: string; readonly name: string },
    explained: readonly Explained[],
  ): Promise<void> {
    const records: Records = { ...(await this.#records()), [keyOf(model.digest)]: { name: model.name, explained } };
    await writeFile(this.file, `${JSON.stringify(records, undefined, 2)}\n`);
  }

  async #records(): Promise<Records> {
    const text = await readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    return JSON.parse(text) as Records;
  }
}

const keyOf = (digest: string): string => digest.slice(0, 16);
