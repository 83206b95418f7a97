import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkspaceDefinitionsParams, WorkspaceDefinitionsResult } from '../protocol/client.ts';
import { namesToDefine } from './namesToDefine.ts';
import type { PlaceQuery } from './snippet.ts';

/** Of the tenth of a second that the first completion in a document waits for its context, the index needs the rest. */
const LIMIT_MS = 50;
const NOTHING: WorkspaceDefinitionsResult = { definitions: [], problems: [] };

/**
 * What one client's language servers know of the names before the cursor. They are not waited for: an answer that comes
 * late serves the next ranking in the same document.
 */
export class KnownDefinitions {
  #last: { readonly uri: string; readonly result: WorkspaceDefinitionsResult } | undefined;
  /** Questions without an answer yet, by document. */
  readonly #asking = new Map<string, Promise<void>>();
  #uri: string | undefined;

  /** `ask` is absent where the client has nothing to say. */
  constructor(
    private readonly ask: ((params: WorkspaceDefinitionsParams) => Promise<WorkspaceDefinitionsResult>) | undefined,
  ) {}

  /** What is known of a place now, or a moment ago. */
  async at(query: Pick<PlaceQuery, 'uri' | 'text' | 'offset'>): Promise<WorkspaceDefinitionsResult> {
    const { ask } = this;
    if (ask === undefined) return NOTHING;
    this.#uri = query.uri;
    // One question at a time for a document: a slow server is not asked again before it has answered.
    const asking =
      this.#asking.get(query.uri) ?? this.#askNow(ask, query).finally(() => this.#asking.delete(query.uri));
    this.#asking.set(query.uri, asking);
    await Promise.race([asking, sleep(LIMIT_MS)]);
    return this.#last?.uri === query.uri ? this.#last.result : NOTHING;
  }

  async #askNow(
    ask: NonNullable<typeof this.ask>,
    { uri, text, offset }: Pick<PlaceQuery, 'uri' | 'text' | 'offset'>,
  ): Promise<void> {
    const places = namesToDefine({ text, offset });
    const result = places.length === 0 ? NOTHING : await ask({ uri, places }).catch(() => undefined);
    // What comes late may be of a document that the user has left.
    if (result !== undefined && uri === this.#uri) this.#last = { uri, result };
  }
}
