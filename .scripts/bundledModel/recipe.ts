/** How the bundled model is made: every step with all that decides its result. `docs/bundled-model.md` says why. */
import path from 'node:path';
import { fetchModel } from '../fetchModel.ts';
import { corpusFolder } from './corpus.ts';

/** A file that is made of others by one command of `chorus`. */
export interface RecipeStep {
  readonly name: string;
  readonly why: string;
  /** Steps whose files it needs. */
  readonly needs: readonly string[];
  /** Arguments of `chorus`, with the file of each step by its name; the output is what follows the last option. */
  readonly command: (file: (step: string) => string, output: string) => readonly string[];
}

/** SmolLM2-135M-Instruct; where it is when it is fetched. */
export const seed = fetchModel;

const texts = (...domains: readonly string[]): readonly string[] => domains.map((domain) => path.join(corpusFolder(), 'texts', 'training', domain));
const code = texts('typescript', 'javascript', 'python');
const training = (options: Readonly<Record<string, string | number>>): readonly string[] => Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);

const average = (...of: readonly string[]): RecipeStep['command'] => (file, output) => ['upcycle', ...of.map(file), '--dense', '--out', output];
/** Q4_0 since processors without AVX-512 read prompts twice as fast in it as in Q4_1, which costs them hundredths of a bit per byte at most. */
const fourBits: readonly string[] = ['--type', 'Q4_0', '--tensor', 'token_embd=Q8_0'];
const inFourBits = (of: string): RecipeStep['command'] => (file, output) => ['quantize', file(of), ...fourBits, '--out', output];
const calibrated = (of: string): RecipeStep['command'] => (file, output) => ['quantize', file(of), ...fourBits, '--calibrate', file('calibration'), '--out', output];

export const steps: readonly RecipeStep[] = [
  {
    name: 'code',
    why: 'The instruct model, trained further on code, in half of the texts with a gap to fill, suffix first as completion asks.',
    needs: ['seed'],
    command: (file, output) => ['train', '--model', file('seed'), '--data', ...code, ...training({ steps: 160, batch: 4, sequence: 512, rate: 2e-4, schedule: 'wsd', 'warm-up': 20, fim: 0.5, precision: 'q8', 'checkpoint-steps': 10, seed: 1 }), '--name', 'bundled-code', '--output', output],
  },
  {
    name: 'average',
    why: 'The weight average of seed and code expert.',
    needs: ['seed', 'code'],
    command: average('seed', 'code'),
  },
  {
    name: 'average-small',
    why: 'The average in 4 bits, embeddings in 8.',
    needs: ['average'],
    command: calibrated('average'),
  },
  {
    name: 'rounded',
    why: 'The average, trained further on code and prose with the matrices of its blocks in 4 bits, so that it is good in these.',
    needs: ['average'],
    command: (file, output) => ['train', '--model', file('average'), '--data', ...code, ...texts('prose'), ...training({ steps: 60, batch: 4, sequence: 512, rate: 2e-4, schedule: 'wsd', 'warm-up': 5, fim: 0.4, precision: 'q4', 'checkpoint-steps': 10, seed: 4 }), '--name', 'bundled-rounded', '--output', output],
  },
  {
    name: 'rounded-small',
    why: 'What was trained in 4 bits, in these; embeddings in 8, as they were then.',
    needs: ['rounded'],
    command: inFourBits('rounded'),
  },
  {
    name: 'prose',
    why: 'The instruct model, trained further on manuals in nineteen languages.',
    needs: ['seed'],
    command: (file, output) => ['train', '--model', file('seed'), '--data', ...texts('prose'), ...training({ steps: 100, batch: 4, sequence: 512, rate: 2e-4, schedule: 'wsd', 'warm-up': 10, precision: 'q8', 'checkpoint-steps': 10, seed: 2 }), '--name', 'bundled-prose', '--output', output],
  },
  {
    name: 'experts-average',
    why: 'The weight average of the two experts: what a mixture of them has to beat.',
    needs: ['code', 'prose'],
    command: average('code', 'prose'),
  },
  {
    name: 'mixture',
    why: 'Code and prose as experts of one model in every sixth block, so that it is no larger than the average in 4 bits; shared keys and values, random routers.',
    needs: ['code', 'prose'],
    command: (file, output) => ['upcycle', file('code'), file('prose'), '--every', '6', '--kv', 'shared', '--attention', 'soft', '--gates', 'random', '--out', output],
  },
  {
    name: 'joint',
    why: 'Routers and shared keys and values, trained on the mix; the experts stay as they are.',
    needs: ['mixture'],
    command: (file, output) => [
      'train', '--model', file('mixture'), '--data', ...code, ...texts('prose'), '--freeze', 'ffn_(gate|up|down)_exps', 'attn_(q|output)\\.', 'token_embd', 'norm',
      ...training({ steps: 60, batch: 4, sequence: 512, rate: 3e-4, schedule: 'wsd', 'warm-up': 10, fim: 0.3, precision: 'q8', 'checkpoint-steps': 10, seed: 3 }), '--name', 'bundled-joint', '--output', output,
    ],
  },
  {
    name: 'experts-average-small',
    why: 'The average of the experts in 4 bits, embeddings in 8.',
    needs: ['experts-average'],
    command: calibrated('experts-average'),
  },
  {
    name: 'joint-small',
    why: 'The mixture in 4 bits, embeddings in 8.',
    needs: ['joint'],
    command: calibrated('joint'),
  },
];

/** What is measured side by side at the end; the first is what the others are compared with. */
export const compared: readonly string[] = ['seed', 'code', 'average', 'average-small', 'rounded-small', 'experts-average-small', 'joint', 'joint-small'];
