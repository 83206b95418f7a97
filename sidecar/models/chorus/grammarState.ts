import { LlamaGrammarEvaluationState, type Llama, type LlamaGrammar, type LlamaModel } from 'node-llama-cpp';
import type { TokenId } from '../../protocol/engine.ts';

/** The position of a generation in its grammar. */
export interface GrammarState {
  /** Whether the grammar allows this token next. */
  allows(token: TokenId): boolean;
  accept(token: TokenId): void;
}

/** Native functions of node-llama-cpp that its own loop uses. Its classes do not publish them. */
interface GrammarBindings {
  readonly AddonSampler: {
    canBeNextTokenForGrammarEvaluationState(state: unknown, token: TokenId): boolean;
    acceptGrammarEvaluationStateToken(state: unknown, token: TokenId): void;
  };
}

/** Starts a grammar. `model` may be loaded for its vocabulary alone. */
export function startGrammar(llama: Llama, model: LlamaModel, grammar: LlamaGrammar): GrammarState {
  const { _state: state } = new LlamaGrammarEvaluationState({ model, grammar }) as unknown as {
    readonly _state: unknown;
  };
  const { AddonSampler } = (llama as unknown as { readonly _bindings: GrammarBindings })._bindings;
  return {
    allows: (token) => AddonSampler.canBeNextTokenForGrammarEvaluationState(state, token),
    accept: (token) => AddonSampler.acceptGrammarEvaluationStateToken(state, token),
  };
}
