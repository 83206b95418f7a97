import { TroubleError } from '../../common/troubleError.ts';
import type { ChatTemplateParams, SpecialTokens, TokenId } from '../../protocol/engine.ts';
import type { Vocabulary } from '../gguf/vocabulary.ts';
import { ForeignTexts, ForeignTextsError, SpecialForms } from './foreignTexts.ts';
import {
  MAX_HEAP_MEBIBYTES,
  MAX_PROMPT_UNITS,
  MAX_TEMPLATE_UNITS,
  RENDER_LIMIT_MS,
  type RenderAnswer,
  type RenderRequest,
} from './messages.ts';
import { specialTexts } from './specialTexts.ts';

/**
 * The maximum length of a special token; those of known models have up to 40 characters. The parts of a token are
 * compared individually, and their number grows with its square.
 */
const MAX_SPECIAL_UNITS = 256;

/** The properties of a model's text side that a template needs. */
export interface TemplateText {
  /** Jinja. */
  readonly templateSource: string | undefined;
  readonly name: string;
  readonly vocabulary: Vocabulary;
  readonly special: SpecialTokens;
  tokenize(text: string, special: boolean): readonly TokenId[];
}

export interface TemplateOptions {
  /** The model's file name, for messages. */
  readonly fileName: string;
  readonly renderLimitMs?: number;
  readonly process: { render(request: RenderRequest): Promise<RenderAnswer> };
}

/** The chat template in a model's file. It is foreign code, so it is rendered in its own process, within limits. */
export class ChatTemplate {
  #forms: SpecialForms | undefined;
  #tokenBySpecialText: ReadonlyMap<string, TokenId> = new Map();

  constructor(
    private readonly text: TemplateText,
    private readonly options: TemplateOptions,
  ) {}

  /**
   * Returns messages and tools as tokens. No text in them becomes a special token.
   *
   * Throws `TroubleError` 'unsupported-model' if there is no template, it can't be parsed, or it exceeds its limits.
   * Throws 'invalid-input' if it refuses the messages.
   */
  async tokens({ messages, tools, addGenerationPrompt }: ChatTemplateParams): Promise<readonly TokenId[]> {
    const foreign = new ForeignTexts(this.#specialForms());
    // Roles come from a fixed set, and templates compare them.
    const hidden = messages.map((message) => ({ ...foreign.hide(message), role: message.role }));
    const rendered = await this.#render({
      messages: hidden,
      tools: foreign.hide(tools),
      add_generation_prompt: addGenerationPrompt,
    });
    const tokens = this.#within(() => foreign.pieces(rendered)).flatMap(({ text, isPlain }) =>
      isPlain ? this.#spelt(text) : this.text.tokenize(text, true),
    );
    const { bos, addBos } = this.text.special;
    return addBos && bos !== undefined && tokens[0] !== bos ? [bos, ...tokens] : tokens;
  }

  /** Whether the template shows tools to the model. */
  async supportsToolCalling(): Promise<boolean> {
    if (this.text.templateSource?.includes('tools') !== true) return false;
    const probe = 'chorus_probe_tool';
    const tools = [
      {
        type: 'function',
        function: { name: probe, description: probe, parameters: { type: 'object', properties: {} } },
      },
    ];
    try {
      return (
        await this.#render({ messages: [{ role: 'user', content: 'Hello' }], tools, add_generation_prompt: true })
      ).includes(probe);
    } catch {
      return false;
    }
  }

  #specialForms(): SpecialForms {
    const { vocabulary, special } = this.text;
    if (this.#forms) return this.#forms;
    const source = this.#source();
    this.#tokenBySpecialText = specialTexts(vocabulary, special, source);
    for (const { length } of this.#tokenBySpecialText.keys()) {
      if (length > MAX_SPECIAL_UNITS)
        throw this.#unusable(
          `comes with a special token of ${length} characters, more than the ${MAX_SPECIAL_UNITS} that are looked for`,
        );
    }
    return (this.#forms = this.#within(() => new SpecialForms(new Set(this.#tokenBySpecialText.keys()), source)));
  }

  #within<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof ForeignTextsError ? this.#unusable(error.message) : error;
    }
  }

  #source(): string {
    const { templateSource, name } = this.text;
    if (templateSource === undefined)
      throw new TroubleError(
        'unsupported-model',
        `${name} has no chat template. Choose an instruction-tuned model to chat.`,
      );
    if (templateSource.length <= MAX_TEMPLATE_UNITS) return templateSource;
    throw this.#unusable(`has ${templateSource.length} characters, more than the ${MAX_TEMPLATE_UNITS} that are read`);
  }

  async #render(variables: object): Promise<string> {
    const { special, vocabulary } = this.text;
    const textOf = (token: TokenId | undefined): string =>
      token === undefined ? '' : vocabulary.tokenBytes(token, { special: true }).toString('utf8');
    const { process, fileName, renderLimitMs: limitMs = RENDER_LIMIT_MS } = this.options;
    const answer = await process.render({
      source: this.#source(),
      limitMs,
      variables: { bos_token: textOf(special.bos), eos_token: textOf(special.eos), ...variables },
    });
    switch (answer.result) {
      case 'text':
        return answer.text;
      case 'refused':
        throw new TroubleError(
          'invalid-input',
          `The chat template of ${fileName} refuses these messages: ${answer.message}`,
        );
      case 'unreadable':
        throw this.#unusable(`can't be read: ${answer.message}`);
      case 'late':
        throw this.#unusable(`was stopped: it was not done after ${limitMs / 1_000} s`);
      case 'long':
        throw this.#unusable(
          `makes a prompt of ${answer.units} characters, more than the ${MAX_PROMPT_UNITS} that can be tokenised`,
        );
      case 'ended':
        throw this.#unusable(
          `ended the process that renders it (${answer.message}): it may need more memory than its ${MAX_HEAP_MEBIBYTES} MiB`,
        );
    }
  }

  #unusable(what: string): TroubleError {
    return new TroubleError(
      'unsupported-model',
      `The chat template of ${this.options.fileName} ${what}. Code completion still works. Choose another model to chat.`,
    );
  }

  /**
   * The tokens of a special text that must become ordinary text. Tokenizers find some special tokens even in plain
   * text, so the first character is tokenised separately.
   */
  #spelt(text: string): readonly TokenId[] {
    const tokens = this.text.tokenize(text, false);
    if (!tokens.some((token) => this.#isSpecial(token))) return tokens;
    const [first = '', ...rest] = text;
    return [...this.text.tokenize(first, false), ...(rest.length > 0 ? this.#spelt(rest.join('')) : [])];
  }

  #isSpecial(token: TokenId): boolean {
    return (
      this.#tokenBySpecialText.get(this.text.vocabulary.tokenBytes(token, { special: true }).toString('utf8')) === token
    );
  }
}
