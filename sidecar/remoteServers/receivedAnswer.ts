import type { Engine } from '../engine/engine.ts';
import type { EngineGenerateResult } from '../protocol/engine.ts';
import { AnswerStart, StopTexts } from './answerStart.ts';
import type { AnswerPart } from './serverAnswer.ts';
import type { ApiRequest } from './serverRequests.ts';
import { encodePieces } from './serverTokens.ts';

/** No token is longer. So an answer with more text than requested is the server's fault. */
const MAX_UNITS_PER_TOKEN = 16;

type GenerateParams = Parameters<Engine['generate']>[0];
type OnChunk = NonNullable<Parameters<Engine['generate']>[1]>['onChunk'];

interface ReceiveOptions {
  readonly request: Pick<ApiRequest, 'answerStart' | 'given'>;
  readonly signal: AbortSignal | undefined;
  /** Called with each part that the model generated. */
  readonly onGenerated: () => void;
}

/** The text of an answer as it arrives, without its required start and its stop texts. */
export class ReceivedAnswer {
  readonly #startedAt = performance.now();
  #firstAt: number | undefined;
  #text = '';

  constructor(
    private readonly params: GenerateParams,
    private readonly onChunk: OnChunk,
  ) {}

  get hasBegun(): boolean {
    return this.#firstAt !== undefined;
  }

  /** The length of the text. */
  get units(): number {
    return this.#text.length;
  }

  /** Returns the result of an answer that ended now. */
  ended(stopReason: EngineGenerateResult['stopReason']): EngineGenerateResult {
    const promptMs = (this.#firstAt ?? performance.now()) - this.#startedAt;
    return {
      tokens: encodePieces(this.#text),
      text: this.#text,
      stopReason,
      reusedTokens: 0,
      evaluatedTokens: this.params.tokens.length,
      promptMs,
      generateMs: performance.now() - this.#startedAt - promptMs,
    };
  }

  /** Reads the parts until the answer ends, stops or is aborted. Rejects as `parts`. */
  async receive(
    parts: AsyncIterable<AnswerPart>,
    { request, signal, onGenerated }: ReceiveOptions,
  ): Promise<EngineGenerateResult> {
    const start = new AnswerStart(request.answerStart);
    const stop = new StopTexts(this.params.stop ?? []);
    let finishReason: string | undefined;
    let leftUnits = this.params.maxTokens * MAX_UNITS_PER_TOKEN;
    for await (const part of parts) {
      if (part.isGenerated) onGenerated();
      if (part.text !== '' && this.#firstAt === undefined) {
        this.#firstAt = performance.now();
        this.#say(request.given);
      }
      this.#say(stop.push(start.push(part.text.slice(0, leftUnits))));
      leftUnits -= part.text.length;
      finishReason ??= part.finishReason;
      if (stop.isStopped) return this.ended('stop');
      if (signal?.aborted) return this.ended('cancelled');
      if (leftUnits < 0) {
        finishReason = 'length';
        break;
      }
    }
    this.#say(stop.push(start.end()));
    if (!stop.isStopped) this.#say(stop.end());
    return this.ended(stop.isStopped ? 'stop' : finishReason === 'length' ? 'length' : 'end');
  }

  #say(more: string): void {
    if (more === '') return;
    this.#text += more;
    this.onChunk?.({ tokens: encodePieces(more), text: more });
  }
}
