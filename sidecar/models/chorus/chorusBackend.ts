import type { Llama, LlamaGrammar, LlamaModel } from 'node-llama-cpp';
import type { Backend, CompiledGrammar, GrammarSource } from '../backend.ts';
import type { EngineGenerateParams, TokenId } from '../../protocol/engine.ts';
import { compileGrammar } from '../llamaCpp/compiledGrammar.ts';
import type { ModelText } from '../modelText.ts';
import type { AttendedCache } from './cache/attendedCache.ts';
import { ChorusSequence } from './chorusSequence.ts';
import { startGrammar } from './grammarState.ts';
import { BATCH_TOKENS } from './network/batchTokens.ts';
import type { Network } from './network/network.ts';
import type { WorkspaceExperts } from './workspaceExperts.ts';

/** Chorus's own network as the scheduler sees it. */
export class ChorusBackend implements Backend {
  readonly vocabulary;
  readonly sequences: readonly ChorusSequence[];
  readonly contextSizeTokens: number;
  readonly batchTokens = BATCH_TOKENS;
  readonly isInterruptible: boolean;
  readonly #endOfGeneration: ReadonlySet<TokenId>;

  constructor(
    private readonly options: {
      readonly network: Network;
      readonly experts: WorkspaceExperts;
      readonly caches: readonly AttendedCache[];
      /** How many tokens a sequence can read; it may keep fewer rows. */
      readonly contextSizeTokens: number;
      readonly text: ModelText;
      readonly llama: Llama;
      /** Loaded for its vocabulary alone. */
      readonly tokenizer: LlamaModel;
    },
  ) {
    const { network, caches, text } = options;
    this.isInterruptible = network.isInterruptible;
    this.vocabulary = text.vocabulary;
    this.sequences = caches.map((cache) => new ChorusSequence(cache, text.vocabulary.size));
    this.contextSizeTokens = options.contextSizeTokens;
    this.#endOfGeneration = new Set(text.special.endOfGeneration);
  }

  isEndOfGeneration(token: TokenId): boolean {
    return this.#endOfGeneration.has(token);
  }

  beQuiet(isQuiet: boolean): void {
    this.options.network.beQuiet(isQuiet);
  }

  adapterSet(request: Pick<EngineGenerateParams, 'purpose' | 'expert'>): Promise<string> {
    return this.options.experts.adapterSet(request);
  }

  freeDeletedExperts(idle: readonly ChorusSequence[]): 'all freed' | 'some remain' {
    return this.options.experts.freeDeleted(idle);
  }

  async grammar(source: GrammarSource): Promise<CompiledGrammar> {
    const { llama, tokenizer } = this.options;
    const { handle, stop } = await compileGrammar(llama, source);
    return { handle: () => startGrammar(llama, tokenizer, handle satisfies LlamaGrammar), stop };
  }
}
