import { type FimFamily, fimFamilies } from '../completion/prompt/fimFamilies.ts';
import type { FillInChoice } from '../protocol/client.ts';

/** How a server's model is asked for the text between two texts. */
export type FillIn =
  /** It is not asked to: it continues the text before the cursor. */
  | { readonly kind: 'none' }
  /** By the parameter `suffix` of `/v1/completions`. The server knows the model's marks. */
  | { readonly kind: 'suffix' }
  /** By the marks of the model's family in the prompt. */
  | { readonly kind: 'marks'; readonly family: FimFamily };

/**
 * Returns how to fill gaps with a model. With 'auto' its name decides. Ollama puts every prompt into the model's
 * template, where marks would be plain text, so it gets a suffix instead.
 */
export function fillInFor(model: string, choice: FillInChoice, ownedBy?: string): FillIn {
  if (choice === 'none' || choice === 'suffix') return { kind: choice };
  const family = fimFamilies.find((each) => (choice === 'auto' ? isNamed(each, model) : each.name === choice));
  if (!family) return { kind: 'none' };
  return choice === 'auto' && ownedBy === OLLAMA_OWNER ? { kind: 'suffix' } : { kind: 'marks', family };
}

/** The owner of all models in Ollama's list. */
const OLLAMA_OWNER = 'library';

/**
 * Families without a name pattern are normally recognized by their vocabulary. Here only the family's name can be
 * compared.
 */
function isNamed({ names, name }: FimFamily, model: string): boolean {
  return names?.test(model) ?? model.toLowerCase().includes(name);
}
