/** How the bundled model is made: every step with all that decides its result. `docs/bundled-model.md` says why. */
import { BUNDLED_MODEL_FILE } from '../../sidecar/shelf/defaultModel.ts';

/** A file that is made of another by one command of `chorus`. */
export interface RecipeStep {
  readonly name: string;
  readonly why: string;
  /** Of several parts the first. */
  readonly output: string;
  /** Arguments of `chorus`. */
  readonly command: (files: StepFiles) => readonly string[];
}

export interface StepFiles {
  /** Made by the step before; for the first step the model that is fetched. */
  readonly input: string;
  readonly output: string;
  /** Arguments that name the texts whose tokens stay. */
  readonly texts: readonly string[];
  readonly calibrationText: string;
}

/** In `.scripts/fetchableModels.json`. */
export const SEED = 'qwen2.5-coder-0.5b';
/**
 * Types by what they cost per megabyte. Attention's keys and values, and half of `ffn_down`, keep the types of the
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
    why: 'The same, rounded further with a text to calibrate with, in parts, since hosts of repositories take no file above 100 MB.',
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
