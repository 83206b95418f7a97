import { aborted } from '../../common/aborted.ts';
import type { ContextItem } from '../../protocol/client.ts';
import type { CodeFacts } from '../../syntax/codeFacts.ts';
import type { ConversationParams } from '../conversation.ts';
import { factsText } from './factsText.ts';
import { SentenceGate } from './sentenceGate.ts';

/** The longest wait for facts behind the sentence. Parsing takes a fraction of it, unless the index is busy. */
const FACTS_LIMIT_MS = 15_000;

/**
 * The explanation by a small model: its first sentence, which says what code is for, and facts from the code's syntax.
 * Small models are mostly right about the purpose and mostly wrong about details.
 */
export class SentenceWithFacts {
  readonly #gate: SentenceGate;
  readonly #facts: Promise<CodeFacts | undefined>;

  constructor(
    { context = [], factsOf }: Pick<ConversationParams, 'context' | 'factsOf'>,
    private readonly language: string,
    private readonly send: (text: string) => void,
  ) {
    this.#gate = new SentenceGate(language, send);
    const item = explainedItem(context);
    // Without facts the sentence stands alone.
    this.#facts = item && factsOf ? factsOf(item).catch(() => undefined) : Promise.resolve(undefined);
  }

  /** Aborts behind the sentence. */
  get signal(): AbortSignal {
    return this.#gate.signal;
  }

  /** Takes the model's text. */
  receive(text: string): void {
    this.#gate.receive(text);
  }

  /** Sends the facts behind the sentence, unless the user cancels. Resolves with the whole explanation. */
  async finish(signal?: AbortSignal): Promise<string> {
    const sentence = this.#gate.finish();
    const tooLate = AbortSignal.timeout(FACTS_LIMIT_MS);
    const facts = await Promise.race([this.#facts, aborted(signal ? AbortSignal.any([tooLate, signal]) : tooLate)]);
    const list = facts && !signal?.aborted ? factsText(facts, this.language) : '';
    const behind = list === '' ? '' : `${sentence === '' ? '' : '\n\n'}${list}`;
    if (behind !== '') this.send(behind);
    return sentence + behind;
  }
}

/** The piece of code that is explained: the selection, else the file. `undefined` if there are several. */
function explainedItem(context: readonly ContextItem[]): ContextItem | undefined {
  for (const kind of ['selection', 'file'] as const) {
    const items = context.filter((item) => item.kind === kind);
    if (items.length > 0) return items.length === 1 ? items[0] : undefined;
  }
  return undefined;
}
