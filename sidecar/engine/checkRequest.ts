import type { Backend, GrammarSource } from '../models/backend.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { GenerateRequest } from './generation.ts';

/** Throws `TroubleError` 'invalid-input' or 'context-overflow' for a request that a backend cannot run. */
export function checkRequest(
  request: GenerateRequest,
  { contextSizeTokens, vocabulary }: Pick<Backend, 'contextSizeTokens' | 'vocabulary'>,
): void {
  if (request.tokens.length === 0)
    throw new TroubleError('invalid-input', 'There is nothing to continue: the prompt has no tokens.');
  const limit = contextSizeTokens - 1;
  if (request.tokens.length > limit) {
    throw new TroubleError(
      'context-overflow',
      `The prompt has ${request.tokens.length} tokens, more than the ${limit} that the context holds.`,
    );
  }
  const unknown = request.tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabulary.size);
  if (unknown !== undefined)
    throw new TroubleError('invalid-input', `The vocabulary has no token ${unknown}; it has ${vocabulary.size}.`);
  if (request.requiredPrefix && grammarOf(request))
    throw new TroubleError('invalid-input', 'A grammar and a required prefix exclude each other.');
}

/** The grammar that a request's answer must follow. */
export function grammarOf(request: GenerateRequest): GrammarSource | undefined {
  if (request.grammar !== undefined) return { gbnf: request.grammar };
  if (request.jsonSchema !== undefined) return { jsonSchema: request.jsonSchema };
  return undefined;
}
