import type { Engine, ModelSession } from '../../../sidecar/engine/engine.ts';
import type {
  EngineGenerateParams,
  EngineGenerateResult,
  LoadedModel,
  TokenId,
} from '../../../sidecar/protocol/engine.ts';

type Generation = Omit<EngineGenerateParams, 'requestId'>;

/**
 * An engine whose tokens are UTF-16 units. The test writes its answers character by character and controls their
 * timing. Use it for tests that depend on the order of events, which a real model's speed would blur. Marks in
 * `vocabulary` are single tokens above 0x10000.
 */
export class ScriptedEngine implements Engine {
  readonly generations: Generation[] = [];
  readonly released: string[] = [];
  cancelledGenerations = 0;
  /** Returns the model's text after `requiredPrefix`, by prompt. */
  answer: (generation: Generation) => string = () => '';
  /** Resolves when the next character may be sent. By default that is at once. */
  pace: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve));
  /** Resolves when a prompt is evaluated. */
  evaluation: (signal: AbortSignal | undefined) => Promise<void> = () => Promise.resolve();
  /** The reported time of the evaluation. */
  promptMs = 0;
  /** Whether a sequence is still kept. */
  hasSequence: (sequence: string) => Promise<boolean> = async () => true;
  /** Returns how many tokens of a prompt are evaluated. */
  evaluated: (generation: Generation) => number = ({ tokens }) => tokens.length;
  readonly loaded: LoadedModel;

  constructor(
    private readonly vocabulary: readonly string[] = [],
    model: Partial<LoadedModel> = {},
  ) {
    this.loaded = {
      name: 'scripted',
      path: '/models/scripted.gguf',
      architecture: 'llama',
      engine: 'llama',
      device: 'cpu',
      deviceReasons: [],
      engineLimits: [],
      sizeBytes: 1,
      memoryBytes: 1,
      deviceMemoryBytes: 0,
      threads: 1,
      vocabularySize: 0x10000 + vocabulary.length,
      contextSizeTokens: 4096,
      trainContextTokens: 4096,
      special: { addBos: false, endOfGeneration: [], eos: 0 },
      supportsToolCalling: false,
      metadata: {},
      ...model,
    };
  }

  get session(): ModelSession {
    return { engine: this, model: async () => this.loaded };
  }

  async load(): Promise<LoadedModel> {
    return this.loaded;
  }

  async unload(): Promise<void> {}

  async tokenize(text: string, options?: { special?: boolean }): Promise<readonly TokenId[]> {
    const mark = options?.special === true ? this.vocabulary.indexOf(text) : -1;
    return mark >= 0 ? [0x10000 + mark] : [...Array(text.length).keys()].map((index) => text.charCodeAt(index));
  }

  async detokenize(tokens: readonly TokenId[]): Promise<string> {
    return tokens
      .map((token) => (token < 0x10000 ? String.fromCharCode(token) : (this.vocabulary[token - 0x10000] ?? '')))
      .join('');
  }

  async chatTemplate(): Promise<readonly TokenId[]> {
    return [];
  }

  async generate(
    params: Generation,
    options: { onChunk?: (chunk: { tokens: readonly TokenId[]; text: string }) => void; signal?: AbortSignal } = {},
  ): Promise<EngineGenerateResult> {
    this.generations.push(params);
    const whole = (params.requiredPrefix ?? '') + this.answer(params);
    let said = '';
    await this.evaluation(options.signal);
    if (options.signal?.aborted) {
      this.cancelledGenerations++;
      return { ...this.#result(params, '', 'cancelled'), evaluatedTokens: 0 };
    }
    while (said.length < whole.length && said.length < params.maxTokens) {
      await this.pace();
      if (options.signal?.aborted) {
        this.cancelledGenerations++;
        return this.#result(params, said, 'cancelled');
      }
      const text = whole[said.length] ?? '';
      said += text;
      options.onChunk?.({ tokens: [text.charCodeAt(0)], text });
    }
    return this.#result(params, said, said.length < whole.length ? 'length' : 'end');
  }

  async releaseSequence(sequence: string): Promise<void> {
    this.released.push(sequence);
  }

  async dispose(): Promise<void> {}

  /** Returns the prompt of a generation as text. */
  promptOf(index: number): Promise<string> {
    return this.detokenize(this.generations[index]?.tokens ?? []);
  }

  #result(params: Generation, text: string, stopReason: EngineGenerateResult['stopReason']): EngineGenerateResult {
    return {
      tokens: [],
      text,
      stopReason,
      sequence: params.sequence,
      reusedTokens: 0,
      evaluatedTokens: this.evaluated(params),
      promptMs: this.promptMs,
      generateMs: 0,
    };
  }
}
