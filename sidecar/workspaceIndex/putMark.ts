/** The place of a file in a put request, or a step of a request for next edits. Both count from zero. */
export interface PutPlace {
  readonly request: number;
  readonly file: number;
}

/**
 * The file or step that the thread of the index took up last. The front can read this memory even while the thread does
 * not answer.
 */
export class PutMark {
  readonly #cells: Int32Array;

  constructor(readonly memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.#cells = new Int32Array(memory);
  }

  set({ request, file }: PutPlace): void {
    Atomics.store(this.#cells, 0, request);
    Atomics.store(this.#cells, 1, file);
  }

  read(): PutPlace {
    return { request: Atomics.load(this.#cells, 0), file: Atomics.load(this.#cells, 1) };
  }
}
