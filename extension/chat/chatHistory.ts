import { parseConversation, type Conversation } from './conversation.ts';

/** The maximum number of conversations. The least recently used are deleted first. */
const MAX_CONVERSATIONS = 50;

/** Named texts in one folder of the workspace's storage. */
export interface TextStore {
  list(): Promise<readonly string[]>;
  read(name: string): Promise<string>;
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** The conversations of one workspace, in memory and in its storage. A damaged file loses only its own conversation. */
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

  /** The conversations, newest first. */
  list(): readonly Conversation[] {
    return [...this.#conversations.values()].sort((a, b) => b.updatedMs - a.updatedMs);
  }

  get(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  /** Writes a conversation after the previous writes. A failure is reported, and only the copy on disk is lost. */
  save(conversation: Conversation): void {
    this.#conversations.set(conversation.id, conversation);
    this.#enqueue(() => this.store.write(fileOf(conversation.id), JSON.stringify(conversation)));
    for (const { id } of this.list().slice(MAX_CONVERSATIONS)) this.remove(id);
  }

  remove(id: string): void {
    if (this.#conversations.delete(id)) this.#enqueue(() => this.store.remove(fileOf(id)));
  }

  /** Resolves when all saved conversations are written. */
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
