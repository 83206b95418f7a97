import type { SpecialTokens, TokenId } from '../../protocol/engine.ts';
import type { Vocabulary } from '../gguf/vocabulary.ts';

/**
 * Texts that make structure of a prompt, with their tokens: those that the file marks so, those that libllama takes for
 * the end of a turn by their texts, and of the tokens that are whole words of ordinary text (`<think>`, `<table>`)
 * those that the template writes.
 */
export function specialTexts(
  vocabulary: Vocabulary,
  special: SpecialTokens,
  templateSource: string,
): ReadonlyMap<string, TokenId> {
  const texts = new Map<string, TokenId>();
  const add = (token: TokenId): void => {
    const text = vocabulary.tokenBytes(token, { special: true }).toString('utf8');
    if (text.trim().length > 1) texts.set(text, token);
  };
  for (let token = 0; token < vocabulary.size; token++) {
    if (vocabulary.isControl(token)) add(token);
    else if (vocabulary.isUserDefined(token) && templateSource.includes(vocabulary.tokenBytes(token).toString('utf8')))
      add(token);
  }
  const { bos, eos, eot, fimPrefix, fimSuffix, fimMiddle, fimPad, fimRepo, fimSeparator, endOfGeneration } = special;
  for (const token of [
    bos,
    eos,
    eot,
    fimPrefix,
    fimSuffix,
    fimMiddle,
    fimPad,
    fimRepo,
    fimSeparator,
    ...endOfGeneration,
  ])
    if (token !== undefined) add(token);
  return texts;
}
