import type { Llama, LlamaGrammar } from 'node-llama-cpp';
import type { CompiledGrammar, GrammarSource } from '../backend.ts';
import { TroubleError } from '../../common/troubleError.ts';

const MAX_GRAMMAR_UNITS = 256 * 1024;

/** Compiles a grammar into node-llama-cpp's handle. Throws `TroubleError` 'invalid-input'. */
export async function compileGrammar(
  llama: Llama,
  source: GrammarSource,
): Promise<CompiledGrammar & { readonly handle: LlamaGrammar }> {
  try {
    if ('gbnf' in source) {
      if (source.gbnf.length > MAX_GRAMMAR_UNITS)
        throw new Error(`it has ${source.gbnf.length} characters, more than the ${MAX_GRAMMAR_UNITS} allowed`);
      return { handle: await llama.createGrammar({ grammar: source.gbnf }), stop: [] };
    }
    const grammar = await llama.createGrammarForJsonSchema(
      source.jsonSchema as Parameters<Llama['createGrammarForJsonSchema']>[0],
    );
    // node-llama-cpp's JSON grammars end with line breaks, which mark the end of the value.
    return { handle: grammar, stop: ['\n\n\n\n'] };
  } catch (error) {
    const what = 'gbnf' in source ? 'grammar' : 'JSON schema';
    throw new TroubleError('invalid-input', `The ${what} can't be used: ${(error as Error).message}`, { cause: error });
  }
}
