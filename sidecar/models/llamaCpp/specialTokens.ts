import type { LlamaModel } from 'node-llama-cpp';
import type { SpecialTokens, TokenId } from '../../protocol/engine.ts';
import type { GgufHeader } from '../gguf/header.ts';
import type { Vocabulary } from '../gguf/vocabulary.ts';

/** The special tokens for prompts: those that the file names, or else those that libllama recognises by their texts. */
export function specialTokens(model: LlamaModel, header: GgufHeader, vocabulary: Vocabulary): SpecialTokens {
  const named = (...keys: string[]): TokenId | undefined => {
    for (const key of keys) {
      const value = header.metadata.get(`tokenizer.ggml.${key}_token_id`);
      if (typeof value === 'number' && value < vocabulary.size) return value;
    }
    return undefined;
  };
  const { bos, eos, eot, infill, shouldPrependBosToken } = model.tokens;
  const endOfGeneration: TokenId[] = [];
  for (let token = 0; token < vocabulary.size; token++)
    if (model.isEogToken(token as Parameters<LlamaModel['isEogToken']>[0])) endOfGeneration.push(token);
  return {
    bos: bos ?? undefined,
    eos: eos ?? undefined,
    eot: eot ?? undefined,
    addBos: shouldPrependBosToken,
    fimPrefix: named('fim_pre', 'prefix') ?? infill.prefix ?? undefined,
    fimSuffix: named('fim_suf', 'suffix') ?? infill.suffix ?? undefined,
    fimMiddle: named('fim_mid', 'middle') ?? infill.middle ?? undefined,
    fimPad: named('fim_pad'),
    fimRepo: named('fim_rep'),
    fimSeparator: named('fim_sep'),
    endOfGeneration,
  };
}
