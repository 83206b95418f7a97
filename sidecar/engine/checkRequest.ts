import type { Backend, GrammarSource } from '../models/backend.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { GenerateRequest } from './generation.ts';

/** The most expected tokens. Their logits are in memory at once, and a row of a large vocabulary takes a megabyte. */
const MAX_EXPECTED = 64;

/** Throws `TroubleError` 'invalid-input' or 'context-overflow' for a request that a backend cannot run. */
export function checkRequest(
  request: GenerateRequest,
  { contextSizeTokens, vocabulary, sequences }: Pick<Backend, 'contextSizeTokens' | 'vocabulary' | 'sequences'>,
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
  const unknown = [...request.tokens, ...(request.expected ?? [])].find(
    (token) => !Number.isInteger(token) || token < 0 || token >= vocabulary.size,
  );
  if (unknown !== undefined)
    throw new TroubleError('invalid-input', `The vocabulary has no token ${unknown}; it has ${vocabulary.size}.`);
  checkExpected(request, { contextSizeTokens, sequences });
  if (request.requiredPrefix && grammarOf(request))
    throw new TroubleError('invalid-input', 'A grammar and a required prefix exclude each other.');
}

function checkExpected(
  { tokens, expected, maxTokens }: GenerateRequest,
  { contextSizeTokens, sequences }: Pick<Backend, 'contextSizeTokens' | 'sequences'>,
): void {
  if (expected === undefined) return;
  if (expected.length === 0 || expected.length > MAX_EXPECTED || maxTokens > 0)
    throw new TroubleError(
      'invalid-input',
      `There are ${expected.length} expected tokens and ${maxTokens} to generate. Expect 1 to ${MAX_EXPECTED} tokens, and generate none.`,
    );
  if (tokens.length + expected.length > contextSizeTokens)
    throw new TroubleError(
      'context-overflow',
      `The prompt and the expected tokens have ${tokens.length + expected.length} tokens, more than the ${contextSizeTokens} that the context holds.`,
    );
  if (sequences[0]?.likelihoods === undefined)
    throw new TroubleError('invalid-input', "Only Chorus's own engine tells how likely expected tokens are.");
}

/** The grammar that a request's answer must follow. */
export function grammarOf(request: GenerateRequest): GrammarSource | undefined {
  if (request.grammar !== undefined) return { gbnf: request.grammar };
  if (request.jsonSchema !== undefined) return { jsonSchema: request.jsonSchema };
  return undefined;
}
