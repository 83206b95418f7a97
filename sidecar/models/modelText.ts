import type { LlamaModel } from 'node-llama-cpp';
import path from 'node:path';
import { countNativeCall } from '../../kernels/ggml/nativeCalls.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { SpecialTokens, TokenId } from '../protocol/engine.ts';
import { modelName } from './gguf/modelName.ts';
import { shown } from './gguf/shown.ts';
import { readVocabulary, type Vocabulary } from './gguf/vocabulary.ts';
import { specialTokens } from './llamaCpp/specialTokens.ts';
import type { TokenizerFile } from './modelFile.ts';

/** The metadata key of the chat template's Jinja source. */
export const TEMPLATE_KEY = 'tokenizer.chat_template';

/** The maximum length of a text. Tokenising a longer text would block the engine for seconds. */
const MAX_TOKENIZE_UNITS = 8 * 1024 * 1024;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** The text side of a model, the same for every engine: tokenizer, vocabulary and source of the chat template. */
export class ModelText {
  private constructor(
    /** The model, or only its vocabulary. The caller owns it. */
    private readonly model: LlamaModel,
    readonly name: string,
    readonly vocabulary: Vocabulary,
    readonly special: SpecialTokens,
    /** Jinja, of any length. */
    readonly templateSource: string | undefined,
  ) {}

  /** Throws `TroubleError` 'unsupported-model' if the tokenizer's spelling is unknown. */
  static async of(model: LlamaModel, { path: modelPath, header }: TokenizerFile): Promise<ModelText> {
    const vocabulary = await readVocabulary(modelPath);
    if (!vocabulary) {
      throw new TroubleError(
        'unsupported-model',
        `${path.basename(modelPath)} has a tokenizer of kind ${shown(header.metadata.get('tokenizer.ggml.model') ?? 'none')}, which is not supported.`,
      );
    }
    const template = header.metadata.get(TEMPLATE_KEY);
    return new ModelText(
      model,
      modelName(header),
      vocabulary,
      specialTokens(model, header, vocabulary),
      typeof template === 'string' ? template : undefined,
    );
  }

  /** Tokenises a text. Throws `TroubleError` 'invalid-input' if it is too long. */
  tokenize(text: string, special: boolean): readonly TokenId[] {
    if (text.length > MAX_TOKENIZE_UNITS)
      throw new TroubleError(
        'invalid-input',
        `The text has ${text.length} characters, more than the ${MAX_TOKENIZE_UNITS} that can be tokenised at once.`,
      );
    return countNativeCall(() => this.model.tokenize(text.replace(LONE_SURROGATE, '\uFFFD'), special));
  }

  detokenize(tokens: readonly TokenId[], options: { special?: boolean } = {}): string {
    return Buffer.concat(tokens.map((token) => this.vocabulary.tokenBytes(token, options))).toString('utf8');
  }
}
