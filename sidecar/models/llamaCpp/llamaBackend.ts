import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { Backend, CompiledGrammar, GrammarSource } from '../../engine/backend.ts';
import { TroubleError } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { Vocabulary } from '../gguf/vocabulary.ts';
import { LlamaSequence } from './llamaSequence.ts';

const MAX_GRAMMAR_UNITS = 256 * 1024;

/** node-llama-cpp's context as the scheduler sees it. */
export class LlamaBackend implements Backend {
  readonly sequences: readonly LlamaSequence[];
  private readonly endOfGeneration: ReadonlySet<TokenId>;

  constructor(
    private readonly llama: Llama,
    model: LlamaModel,
    private readonly context: LlamaContext,
    readonly vocabulary: Vocabulary,
    endOfGeneration: readonly TokenId[],
  ) {
    this.sequences = Array.from({ length: context.totalSequences }, () => new LlamaSequence(context.getSequence(), model, vocabulary.size));
    this.endOfGeneration = new Set(endOfGeneration);
  }

  get contextSizeTokens(): number {
    return this.context.contextSize;
  }

  get batchTokens(): number {
    return this.context.batchSize;
  }

  isEndOfGeneration(token: TokenId): boolean {
    return this.endOfGeneration.has(token);
  }

  async grammar(source: GrammarSource): Promise<CompiledGrammar> {
    try {
      if ('gbnf' in source) {
        if (source.gbnf.length > MAX_GRAMMAR_UNITS) throw new Error(`it has ${source.gbnf.length} characters, more than the ${MAX_GRAMMAR_UNITS} allowed`);
        return { handle: await this.llama.createGrammar({ grammar: source.gbnf }), stop: [] };
      }
      const grammar = await this.llama.createGrammarForJsonSchema(source.jsonSchema as Parameters<Llama['createGrammarForJsonSchema']>[0]);
      // node-llama-cpp's JSON grammars end with line breaks, which mark the end of the value.
      return { handle: grammar, stop: ['\n\n\n\n'] };
    } catch (error) {
      const what = 'gbnf' in source ? 'grammar' : 'JSON schema';
      throw new TroubleError('invalid-input', `The ${what} can't be used: ${(error as Error).message}`, { cause: error });
    }
  }
}
