import { type FimFamily, fimFamilies } from '../completion/prompt/families.ts';
import type { FillInChoice } from '../protocol/client.ts';

/** How a server's model is asked for what stands between two texts. */
export type FillIn =
  /** It is not: it continues what stands before. */
  | { readonly kind: 'none' }
  /** By the parameter `suffix` of `/v1/completions`: the server knows the model's marks. */
  | { readonly kind: 'suffix' }
  /** By the marks of the model's family in the prompt. */
  | { readonly kind: 'marks'; readonly family: FimFamily };

/**
 * The way for a model. With 'auto' its name decides; Ollama puts every prompt into the model's template, so that marks
 * would be text to it, and takes a suffix instead.
 */
export function fillInFor(model: string, choice: FillInChoice, ownedBy?: string): FillIn {
  if (choice === 'none' || choice === 'suffix') return { kind: choice };
  const family = fimFamilies.find((each) => (choice === 'auto' ? isNamed(each, model) : each.name === choice));
  if (!family) return { kind: 'none' };
  return choice === 'auto' && ownedBy === OLLAMA_OWNER ? { kind: 'suffix' } : { kind: 'marks', family };
}

/** What Ollama's list of models says of all of them. */
const OLLAMA_OWNER = 'library';

/** Families without a pattern are recognised by their vocabulary elsewhere; here only their own name is left. */
function isNamed({ names, name }: FimFamily, model: string): boolean {
  return names?.test(model) ?? model.toLowerCase().includes(name);
}
