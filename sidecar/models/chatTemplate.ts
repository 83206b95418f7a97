import { Template } from '@huggingface/jinja';
import { TroubleError } from '../engine/engine.ts';
import type { ChatTemplateParams, TokenId } from '../protocol/engine.ts';

interface TemplateVocabulary {
  readonly bos: { readonly token: TokenId; readonly text: string } | undefined;
  readonly eosText: string;
  readonly addBos: boolean;
  /** Texts that the tokenizer reads as one special token. */
  readonly specialTexts: Iterable<string>;
  tokenize(text: string, special: boolean): readonly TokenId[];
}

/** Stands for a special token's text inside a message, so that what a user writes never becomes structure. */
const MARK = '\uE0F7';

/** The chat template that a model's file carries. */
export class ChatTemplate {
  private readonly template: Template;
  private readonly specialPattern: RegExp | undefined;
  readonly supportsToolCalling: boolean;

  /** Throws `TroubleError` 'unsupported-model' where the template can't be read. */
  constructor(
    readonly source: string,
    private readonly vocabulary: TemplateVocabulary,
  ) {
    try {
      this.template = new Template(source);
    } catch (error) {
      throw new TroubleError('unsupported-model', `The model's chat template can't be read: ${(error as Error).message}`, { cause: error });
    }
    const texts = [...vocabulary.specialTexts].filter((text) => text.trim().length > 1).sort((a, b) => b.length - a.length);
    this.specialPattern = texts.length > 0 ? new RegExp(texts.map(escapeForPattern).join('|'), 'g') : undefined;
    this.supportsToolCalling = this.showsTools();
  }

  /** Throws `TroubleError` 'invalid-input' where the template refuses the messages. */
  tokens(params: ChatTemplateParams): readonly TokenId[] {
    const hidden: string[] = [];
    const hide = (text: string): string =>
      this.specialPattern ? text.replace(this.specialPattern, (found) => `${MARK}${hidden.push(found) - 1}${MARK}`) : text;
    const messages = params.messages.map((message) => ({ ...message, content: hide(message.content.replaceAll(MARK, '\uFFFD')) }));
    const text = this.render({ messages, tools: params.tools, add_generation_prompt: params.addGenerationPrompt });
    const tokens: TokenId[] = [];
    text.split(new RegExp(`${MARK}(\\d+)${MARK}`)).forEach((part, index) => {
      if (index % 2 === 1) tokens.push(...this.vocabulary.tokenize(hidden[Number(part)]!, false));
      else if (part !== '') tokens.push(...this.vocabulary.tokenize(part, true));
    });
    const { bos, addBos } = this.vocabulary;
    return addBos && bos && tokens[0] !== bos.token ? [bos.token, ...tokens] : tokens;
  }

  private render(variables: Record<string, unknown>): string {
    try {
      return this.template.render({ bos_token: this.vocabulary.bos?.text ?? '', eos_token: this.vocabulary.eosText, ...variables });
    } catch (error) {
      throw new TroubleError('invalid-input', `The model's chat template refuses these messages: ${(error as Error).message}`, { cause: error });
    }
  }

  private showsTools(): boolean {
    const probe = 'chorus_probe_tool';
    const tools = [{ type: 'function', function: { name: probe, description: probe, parameters: { type: 'object', properties: {} } } }];
    try {
      return this.render({ messages: [{ role: 'user', content: 'Hello' }], tools, add_generation_prompt: true }).includes(probe);
    } catch {
      return false;
    }
  }
}

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
