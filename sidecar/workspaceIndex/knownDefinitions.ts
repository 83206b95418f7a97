import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkspaceDefinitionsParams, WorkspaceDefinitionsResult } from '../protocol/client.ts';
import { namesToDefine } from './namesToDefine.ts';
import type { PlaceQuery } from './snippet.ts';

/**
 * The first completion in a document waits a tenth of a second for its context. The index needs the rest of that time.
 */
const LIMIT_MS = 50;
const NOTHING: WorkspaceDefinitionsResult = { definitions: [], problems: [] };

/**
 * The knowledge of a client's language servers about the names before the cursor. A late answer serves the next ranking
 * in the same document.
 */
export class KnownDefinitions {
  #last: { readonly uri: string; readonly result: WorkspaceDefinitionsResult } | undefined;
  /** Requests without an answer yet, by document. */
  readonly #asking = new Map<string, Promise<void>>();
  #uri: string | undefined;

  /** `ask` is absent if the client has no language servers. */
  constructor(
    private readonly ask: ((params: WorkspaceDefinitionsParams) => Promise<WorkspaceDefinitionsResult>) | undefined,
  ) {}

  /** Returns the definitions and problems that are known for a place, now or from a moment ago. */
  async at(query: Pick<PlaceQuery, 'uri' | 'text' | 'offset'>): Promise<WorkspaceDefinitionsResult> {
    const { ask } = this;
    if (ask === undefined) return NOTHING;
    this.#uri = query.uri;
    // There is one request at a time for a document, so a slow server is not asked again before it answers.
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
    // A late answer may be about a document that the user has left.
    if (result !== undefined && uri === this.#uri) this.#last = { uri, result };
  }
}
