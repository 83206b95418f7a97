import { LRUCache } from 'lru-cache';

/** Documents per client: more than have a sequence of their own. */
const MAX_DOCUMENTS = 8;
/** Prompt sizes per document. */
const MAX_SIZES = 4;

/** The prompts of one size in a document. */
export interface PromptPlace {
  readonly clientKey: string;
  readonly uri: string;
  /** The size of the document's part. */
  readonly maxTokens: number;
}

/** Keeps a value of the last prompt for each prompt size, for each of a client's last documents. */
export class PlaceMemory<Value extends object | string> {
  readonly #values = new Map<string, LRUCache<string, LRUCache<number, Value>>>();

  get({ clientKey, uri, maxTokens }: PromptPlace): Value | undefined {
    return this.#values.get(clientKey)?.get(uri)?.get(maxTokens);
  }

  set({ clientKey, uri, maxTokens }: PromptPlace, value: Value): void {
    const documents = this.#values.get(clientKey) ?? new LRUCache({ max: MAX_DOCUMENTS });
    const sizes = documents.get(uri) ?? new LRUCache({ max: MAX_SIZES });
    sizes.set(maxTokens, value);
    documents.set(uri, sizes);
    this.#values.set(clientKey, documents);
  }

  /** Forgets a document, because the engine holds nothing of it any more. */
  lost({ clientKey, uri }: Pick<PromptPlace, 'clientKey' | 'uri'>): void {
    this.#values.get(clientKey)?.delete(uri);
  }

  forget(clientKey: string): void {
    this.#values.delete(clientKey);
  }
}
