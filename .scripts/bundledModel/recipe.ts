/**
 * The recipe of the bundled model: every step with all parameters that determine its result. `docs/bundled-model.md`
 * gives the reasons.
 */
import { BUNDLED_MODEL_FILE } from '../../sidecar/shelf/defaultModel.ts';

/** A file made from another file by one `chorus` command. */
export interface RecipeStep {
  readonly name: string;
  readonly why: string;
  /** The output file, or the first of several parts. */
  readonly output: string;
  /** Returns the arguments of `chorus`. */
  readonly command: (files: StepFiles) => readonly string[];
}

export interface StepFiles {
  /** The output of the previous step. For the first step it is the fetched model. */
  readonly input: string;
  readonly output: string;
  /** Arguments that name the texts whose tokens are kept. */
  readonly texts: readonly string[];
  readonly calibrationText: string;
}

/** The published model's name in `.scripts/fetchableModels.json`. */
export const SEED = 'qwen2.5-coder-0.5b';
/**
 * The types that cost least per megabyte. Attention's keys and values, and half of `ffn_down`, keep the types of the
 * published file.
 */
const TYPES = {
  token_embd: 'IQ4_NL',
  'ffn_(gate|up)': 'IQ4_NL',
  ffn_down: 'Q4_K',
  'attn_(q|output)': 'IQ4_NL',
} as const;

export const steps: readonly RecipeStep[] = [
  {
    name: 'trimmed',
    why: 'The published model with the 108,544 tokens that code and prose use most, and one matrix as embedding and output.',
    output: 'Chorus-0.5B-trimmed.gguf',
    command: ({ input, output, texts }) => [
      'trim',
      input,
      '--tokens',
      '108544',
      ...texts,
      '--max-text',
      '10000000',
      '--out',
      output,
    ],
  },
  {
    name: 'shipped',
    why: 'The same model with lower precision, calibrated with a text. It is split because repository hosts accept no file above 100 MB.',
    output: BUNDLED_MODEL_FILE,
    command: ({ input, output, calibrationText }) => [
      'quantize',
      input,
      '--type',
      'keep',
      ...Object.entries(TYPES).flatMap(([tensors, type]) => ['--tensor', `${tensors}=${type}`]),
      '--calibrate',
      calibrationText,
      '--tokens',
      '40960',
      '--out',
      output,
    ],
  },
];
