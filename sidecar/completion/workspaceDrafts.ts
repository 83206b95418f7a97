import { createHash } from 'node:crypto';
import type { Engine } from '../engine/engine.ts';
import { MAX_DRAFT_TOKENS } from '../protocol/engine.ts';
import type { CompletionRequest } from './request.ts';

/** Code has more units a token than this. */
const UNITS_PER_TOKEN = 3;

interface DraftTexts {
  /** Of the texts that the engine has for sure; `undefined` while they are given. */
  readonly key: string | undefined;
  readonly uris: readonly string[];
}

/** Gives the engine whole texts of each client's workspace to draft from: answers often go on like a file of which only a piece is in the prompt. */
export class WorkspaceDrafts {
  readonly #clients = new Map<string, DraftTexts>();

  constructor(private readonly engine: Engine) {}

  /** Tells the engine which files matter for a place now. Takes a tenth of a second of its time where they are others than before. */
  async refresh(name: string, { clientKey, workspace, uri, languageId, text, offset }: CompletionRequest, signal: AbortSignal): Promise<void> {
    if (workspace === undefined || this.engine.draftFrom === undefined) return;
    const query = { uri, path: workspace.pathOf(uri), languageId, text, offset, maxSnippetUnits: 0 };
    const texts = await workspace.texts(query, MAX_DRAFT_TOKENS * UNITS_PER_TOKEN);
    const key = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
    if (this.#clients.get(clientKey)?.key === key) return;
    const tokens: number[] = [];
    // Of equally long matches the last counts: the best file comes last.
    for (const each of [...texts].reverse()) {
      if (signal.aborted) return;
      tokens.push(...(await this.engine.tokenize(each.text)));
    }
    if (signal.aborted) return;
    const uris = texts.map((each) => each.uri);
    const given: DraftTexts = { key: undefined, uris };
    this.#clients.set(clientKey, given);
    await this.engine.draftFrom(name, tokens.slice(-MAX_DRAFT_TOKENS));
    // Meanwhile the client may have left, its texts may have been taken away, or another model may have come.
    if (this.#clients.get(clientKey) === given) this.#clients.set(clientKey, { key, uris });
  }

  /** Takes texts away of which a file went, or may not be read any more. */
  async dropGone(name: string, { clientKey, workspace }: CompletionRequest): Promise<void> {
    const known = this.#clients.get(clientKey);
    if (known === undefined || known.uris.every((uri) => workspace?.has(uri) === true)) return;
    this.forget(clientKey);
    await this.engine.draftFrom?.(name, []);
  }

  forget(clientKey: string): void {
    this.#clients.delete(clientKey);
  }

  /** Another model has other tokens, and begins without texts. */
  clear(): void {
    this.#clients.clear();
  }
}
