import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { Backend, CompiledGrammar, GrammarSource } from '../backend.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { Vocabulary } from '../gguf/vocabulary.ts';
import { compileGrammar } from './compiledGrammar.ts';
import { LlamaSequence } from './llamaSequence.ts';

/** node-llama-cpp's context as a `Backend`. */
export class LlamaBackend implements Backend {
  readonly sequences: readonly LlamaSequence[];
  readonly #endOfGeneration: ReadonlySet<TokenId>;
  readonly #threads: number;

  constructor(
    private readonly llama: Llama,
    model: LlamaModel,
    private readonly context: LlamaContext,
    readonly vocabulary: Vocabulary,
    endOfGeneration: readonly TokenId[],
  ) {
    this.#threads = llama.maxThreads;
    this.sequences = Array.from(
      { length: context.totalSequences },
      () => new LlamaSequence(context.getSequence(), model, vocabulary.size),
    );
    this.#endOfGeneration = new Set(endOfGeneration);
  }

  get contextSizeTokens(): number {
    return this.context.contextSize;
  }

  /** node-llama-cpp can't end an evaluation early. */
  readonly isInterruptible = false;

  get batchTokens(): number {
    return this.context.batchSize;
  }

  isEndOfGeneration(token: TokenId): boolean {
    return this.#endOfGeneration.has(token);
  }

  beQuiet(isQuiet: boolean): void {
    this.llama.maxThreads = isQuiet ? Math.ceil(this.#threads / 2) : this.#threads;
  }

  grammar(source: GrammarSource): Promise<CompiledGrammar> {
    return compileGrammar(this.llama, source);
  }
}
