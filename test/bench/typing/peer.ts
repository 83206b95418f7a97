import { fileHead, snippetTokens } from '../../../sidecar/completion/prompt/contextFormat.ts';
import { arrangeFim, detectFim, type FimFormat } from '../../../sidecar/completion/prompt/fim.ts';
import type { ModelSession } from '../../../sidecar/engine/engine.ts';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';

/** The defaults of llama.vim and llama.vscode. */
const RING_CHUNKS = 16;
const CHUNK_LINES = 64;
const PREFIX_LINES = 256;
const SUFFIX_LINES = 64;
/** The limits of llama.cpp's server for the text around the cursor, with its default batch of 2,048 tokens. */
const MOST_PREFIX_TOKENS = 1_536;
const MOST_SUFFIX_TOKENS = 510;
const PREDICTED_TOKENS = 128;
const PREDICT_MS = 1_000;
const NEAR_LINES = 32;
const SAME_SHARE = 0.9;
/**
 * A settled ring may exceed its tokens by this factor when the user goes elsewhere. After that the oldest chunk leaves,
 * which invalidates everything evaluated after it.
 */
const RING_ROOM = 1.25;

/**
 * Sends requests like editors with a llama.cpp server. A prompt has a ring of chunks from the user's earlier places and
 * then the lines before the cursor, at every keystroke. The server keeps the evaluated common beginning of two prompts.
 *
 * A model with fill-in marks gets prompts as llama.cpp's server composes them: chunks, prefix, suffix. Another model
 * gets chunks as files with their paths, and no suffix, which is the best order for such a cache. Repeated requests for
 * a place are answered from memory.
 */
export class Peer {
  readonly #ring: { readonly path: string; readonly text: string; readonly tokens: readonly number[] }[] = [];
  readonly #answers = new Map<string, string>();
  #last: { readonly uri: string; readonly line: number } | undefined;
  #fim: Promise<FimFormat | undefined> | undefined;

  constructor(
    private readonly session: ModelSession,
    private readonly options: {
      /** The size of a settled ring, instead of the default number of chunks. */
      readonly settledTokens?: number;
      /**
       * Leaves out the text behind the cursor. The server can move its rows (`--cache-reuse`), which costs at least as
       * much time as no such text.
       */
      readonly withoutSuffix?: boolean;
    } = {},
  ) {}

  /** Visits exactly these places, with enough time to evaluate the beginning of the last place's prompt. */
  async settle(places: readonly CompletionRequest[]): Promise<void> {
    const last = places.at(-1);
    if (last === undefined) return;
    this.#ring.length = 0;
    for (const place of places)
      await this.#moved(place, place.text.slice(0, place.offset).split('\n').length - 1, this.options.settledTokens);
    const tokens = await this.#prompt(last);
    if (tokens.length > 0)
      await this.session.engine.generate({
        sequence: 'peer',
        priority: 'background',
        tokens,
        maxTokens: 1,
        sampling: { temperature: 0 },
      });
  }

  /**
   * Resolves with `undefined` if `signal` aborts. This ends a running request, while the editors' servers would go on
   * with it.
   */
  async complete(
    request: CompletionRequest,
    signal: AbortSignal,
  ): Promise<{ text: string; cached: boolean } | undefined> {
    const { text, offset, uri } = request;
    const before = text.slice(0, offset);
    const key = `${uri}\n${before.slice(-2_000)}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return { text: known, cached: true };
    await this.#moved(
      request,
      before.split('\n').length - 1,
      this.options.settledTokens && this.options.settledTokens * RING_ROOM,
    );
    const tokens = await this.#prompt(request);
    if (signal.aborted || tokens.length === 0) return undefined;
    const enough = new AbortController();
    let said = '';
    const result = await this.session.engine.generate(
      {
        sequence: 'peer',
        priority: 'completion',
        tokens,
        maxTokens: PREDICTED_TOKENS,
        sampling: { temperature: 0 },
        timeoutMs: PREDICT_MS * 15,
      },
      {
        signal: AbortSignal.any([signal, enough.signal]),
        onChunk: (chunk) => {
          said += chunk.text;
          if (said.includes('\n')) enough.abort();
        },
      },
    );
    if (signal.aborted) return undefined;
    const line = (said === '' ? result.text : said).split('\n')[0] ?? '';
    this.#answers.set(key, line);
    return { text: line, cached: false };
  }

  async #prompt({ text, offset, uri }: CompletionRequest): Promise<number[]> {
    const { engine } = this.session;
    const before = text.slice(0, offset).split('\n').slice(-PREFIX_LINES).join('\n');
    const prefix = await engine.tokenize(before);
    const { contextSizeTokens } = await this.session.model();
    const fim = await this.#format();
    const most = contextSizeTokens - PREDICTED_TOKENS - 1;
    const ring = this.#ring.flatMap((chunk) => chunk.tokens);
    if (fim === undefined) return [...ring, ...prefix].slice(-most);
    const after = this.options.withoutSuffix ? '' : text.slice(offset).split('\n', SUFFIX_LINES).join('\n');
    const suffix = after === '' ? [] : (await engine.tokenize(after)).slice(0, MOST_SUFFIX_TOKENS);
    const header =
      fim.fileMark === undefined ? [] : await engine.tokenize(`${fim.fileMark}${nameOf(uri)}\n`, { special: true });
    const parts = { header, prefix: prefix.slice(-MOST_PREFIX_TOKENS), suffix };
    const bare = arrangeFim(fim, parts);
    return arrangeFim(fim, { ...parts, context: ring.slice(-Math.max(1, most - bare.length)) });
  }

  #format(): Promise<FimFormat | undefined> {
    const { engine } = this.session;
    return (this.#fim ??= this.session.model().then((model) => detectFim(engine, model)));
  }

  /**
   * Handles a jump, or another document: the chunk around the place enters the ring. The oldest chunk leaves, and so do
   * nearly equal chunks.
   */
  async #moved(
    { uri, text, languageId }: CompletionRequest,
    line: number,
    mostTokens: number | undefined,
  ): Promise<void> {
    const last = this.#last;
    this.#last = { uri, line };
    if (last !== undefined && last.uri === uri && Math.abs(last.line - line) <= NEAR_LINES) return;
    const start = Math.max(0, line - CHUNK_LINES / 2);
    const chunk = text
      .split('\n')
      .slice(start, start + CHUNK_LINES)
      .join('\n');
    if (chunk.trim() === '') return;
    const path = nameOf(uri);
    const head = fileHead(await this.#format());
    for (let at = this.#ring.length - 1; at >= 0; at--)
      if (similarity(this.#ring[at]?.text ?? '', chunk) > SAME_SHARE) this.#ring.splice(at, 1);
    this.#ring.push({
      path,
      text: chunk,
      tokens: await snippetTokens(this.session.engine, { path, text: chunk }, head, languageId),
    });
    while (this.#isOverfull(mostTokens)) this.#ring.shift();
  }

  #isOverfull(mostTokens: number | undefined): boolean {
    if (mostTokens === undefined) return this.#ring.length > RING_CHUNKS;
    return this.#ring.reduce((sum, chunk) => sum + chunk.tokens.length, 0) > mostTokens;
  }
}

function nameOf(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1);
}

/** The share of common lines among the lines of both. */
function similarity(one: string, other: string): number {
  const [lines, others] = [new Set(one.split('\n')), new Set(other.split('\n'))];
  const shared = [...lines].filter((line) => others.has(line)).length;
  return shared / (lines.size + others.size - shared);
}
