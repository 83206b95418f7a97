import { readFile, writeFile } from 'node:fs/promises';

/** Right; thin: nothing wrong, but next to nothing said of this code; misleading: something untrue said of it. */
export const VERDICTS = ['right', 'thin', 'misleading'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** An explanation, and what a reader says of it. The code is not ours to show. */
export interface Explained {
  /** Of the function. */
  readonly id: string;
  /** Of its code: other code is asked anew. */
  readonly digest: string;
  readonly answer: string;
  /** Written by hand; empty: not judged yet. */
  readonly verdict: Verdict | '';
  readonly why: string;
}

/** By the model's digest. */
type Records = Readonly<Record<string, { readonly name: string; readonly explained: readonly Explained[] }>>;

/** Explanations by model, in a file of the repository into which a reader writes verdicts. */
export class JudgedFile {
  constructor(private readonly file: string) {}

  /** Throws where a verdict is none of those there are. */
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
