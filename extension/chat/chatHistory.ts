import { parseConversation, type Conversation } from './conversation.ts';

/** Conversations beyond this many are deleted, least recently used first. */
const MAX_CONVERSATIONS = 50;

/** Named texts in one folder of the workspace's storage. */
export interface TextStore {
  list(): Promise<readonly string[]>;
  read(name: string): Promise<string>;
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** The conversations of one workspace, in memory and in its storage. A damaged file costs that conversation alone. */
export class ChatHistory {
  readonly #conversations = new Map<string, Conversation>();
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: TextStore,
    private readonly onError: (error: unknown) => void,
  ) {}

  async load(): Promise<void> {
    try {
      for (const name of await this.store.list()) {
        const conversation = parseConversation(await this.store.read(name).catch(() => ''));
        if (conversation && !this.#conversations.has(conversation.id))
          this.#conversations.set(conversation.id, conversation);
      }
    } catch (error) {
      this.onError(error);
    }
  }

  /** Newest first. */
  list(): readonly Conversation[] {
    return [...this.#conversations.values()].sort((a, b) => b.updatedMs - a.updatedMs);
  }

  get(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  /** Writes go one after another; a failure is reported and costs no more than the copy on disk. */
  save(conversation: Conversation): void {
    this.#conversations.set(conversation.id, conversation);
    this.#enqueue(() => this.store.write(fileOf(conversation.id), JSON.stringify(conversation)));
    for (const { id } of this.list().slice(MAX_CONVERSATIONS)) this.remove(id);
  }

  remove(id: string): void {
    if (this.#conversations.delete(id)) this.#enqueue(() => this.store.remove(fileOf(id)));
  }

  /** Resolves when everything that was saved so far is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  #enqueue(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch(this.onError);
  }
}

function fileOf(id: string): string {
  return `${id}.json`;
}
