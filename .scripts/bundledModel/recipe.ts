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
  /** Name of its file, where it is not that of the step; of several parts the first. */
  readonly output?: string;
  /** Arguments of `chorus`, with the file of each step by its name; the output is what follows the last option. */
  readonly command: (file: (step: string) => string, output: string) => readonly string[];
}

/** SmolLM2-135M-Instruct; where it is when it is fetched. */
export const seed = fetchModel;

const texts = (...domains: readonly string[]): readonly string[] => domains.map((domain) => path.join(corpusFolder(), 'texts', 'training', domain));
const code = texts('typescript', 'javascript', 'python');
const training = (options: Readonly<Record<string, string | number>>): readonly string[] => Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** In the architecture of the seed, so that whatever runs that runs it too. */
const average = (name: string, ...of: readonly string[]): RecipeStep['command'] => (file, output) => ['upcycle', ...of.map(file), '--dense', '--architecture', 'same', '--name', name, '--out', output];

/** What a model is written in: the type of all matrices, and those of some. */
type Types = readonly [type: string, ...exceptions: readonly string[]];
/** Loses next to nothing, and is decoded faster than five bits on CPUs. */
const eightBits: Types = ['Q8_0'];
const fiveBits: Types = ['Q5_0', 'token_embd=Q5_1', 'attn_(k|v)=Q8_0'];
/** A mixture in the bytes of an average in eight bits: what is in fewer loses least by it. */
const mixtureBits: Types = ['Q8_0', 'token_embd=Q5_1', 'ffn_down=Q6_K'];
const inTypes = (of: string, [type, ...exceptions]: Types, calibration?: string): RecipeStep['command'] => (file, output) => [
  'quantize', file(of), '--type', type, ...exceptions.flatMap((exception) => ['--tensor', exception]), ...(calibration === undefined ? [] : ['--calibrate', file(calibration)]), '--out', output,
];

/** Of the tokens that `code` learns from 2 % are of gaps; of these 8 %. */
const gapTraining = (of: string, { steps, seed }: { readonly steps: number; readonly seed: number }, name: string): RecipeStep['command'] => (file, output) => [
  'train', '--model', file(of), '--data', ...code, ...training({ steps, batch: 8, sequence: 256, rate: 1.5e-4, schedule: 'wsd', 'warm-up': 8, fim: 1, 'fim-weight': 8, precision: 'q8', 'checkpoint-steps': 10, seed }), '--name', name, '--output', output,
];

export const steps: readonly RecipeStep[] = [
  {
    name: 'prose',
    why: 'The instruct model, trained further on manuals in nineteen languages.',
    needs: ['seed'],
    command: (file, output) => ['train', '--model', file('seed'), '--data', ...texts('prose'), ...training({ steps: 60, batch: 4, sequence: 512, rate: 2e-4, schedule: 'wsd', 'warm-up': 10, precision: 'q8', 'checkpoint-steps': 10, seed: 2 }), '--name', 'bundled-prose', '--output', output],
  },
  {
    name: 'code',
    why: 'The instruct model, trained further on code, in half of the texts with a gap to fill, suffix first as completion asks.',
    needs: ['seed'],
    command: (file, output) => ['train', '--model', file('seed'), '--data', ...code, ...training({ steps: 360, batch: 4, sequence: 512, rate: 2e-4, schedule: 'wsd', 'warm-up': 20, fim: 0.5, 'fim-weight': 4, precision: 'q8', 'checkpoint-steps': 10, seed: 1 }), '--name', 'bundled-code', '--output', output],
  },
  {
    name: 'gaps',
    why: 'That one, trained further on short pieces of code: a gap in each, whose tokens count eight times.',
    needs: ['code'],
    command: gapTraining('code', { steps: 100, seed: 5 }, 'bundled-gaps'),
  },
  {
    name: 'code-expert',
    why: 'And for longer, on other gaps.',
    needs: ['gaps'],
    command: gapTraining('gaps', { steps: 170, seed: 6 }, 'bundled-code-expert'),
  },
  {
    name: 'whole',
    why: 'The weight average of seed, code and prose expert.',
    needs: ['seed', 'code-expert', 'prose'],
    command: average('Chorus 135M', 'seed', 'code-expert', 'prose'),
  },
  {
    name: 'bundled',
    why: 'What ships: that average in 8 bits.',
    needs: ['whole'],
    command: inTypes('whole', eightBits),
  },
  {
    name: 'shipped',
    why: 'The same in the two files that are in the repository.',
    needs: ['bundled'],
    output: 'Chorus-135M.Q8_0-00001-of-00002.gguf',
    command: inTypes('bundled', eightBits),
  },
  {
    name: 'whole-small',
    why: 'It in 5 bits.',
    needs: ['whole', 'calibration'],
    command: inTypes('whole', fiveBits, 'calibration'),
  },
  {
    name: 'code-quantised',
    why: 'The code expert alone, in as many bytes as what ships.',
    needs: ['code-expert'],
    command: inTypes('code-expert', eightBits),
  },
  {
    name: 'experts-average',
    why: 'The weight average of the two experts: what a mixture of them has to beat.',
    needs: ['code-expert', 'prose'],
    command: average('Average of code and prose', 'code-expert', 'prose'),
  },
  {
    name: 'mixture',
    why: 'Code and prose as experts of one model in every sixth block, so that it is no larger than the average; shared keys and values, random routers.',
    needs: ['code-expert', 'prose'],
    command: (file, output) => ['upcycle', file('code-expert'), file('prose'), '--every', '6', '--kv', 'shared', '--attention', 'soft', '--gates', 'random', '--gate-mode', 'scaled', '--out', output],
  },
  {
    name: 'joint',
    why: 'Routers and shared keys and values, trained on the mix; the experts stay as they are, and so do the blocks without any.',
    needs: ['mixture'],
    command: (file, output) => [
      'train', '--model', file('mixture'), '--data', ...code, ...texts('prose'), '--freeze', 'ffn_(gate|up|down)(_exps)?\\.', 'attn_(q|output)\\.', 'token_embd', 'norm', 'blk\\.(?!(5|11|17|23|29)\\.)\\d+\\.',
      ...training({ steps: 60, batch: 4, sequence: 512, rate: 3e-4, schedule: 'wsd', 'warm-up': 10, fim: 0.3, precision: 'q8', 'checkpoint-steps': 10, seed: 3 }), '--name', 'bundled-joint', '--output', output,
    ],
  },
  {
    name: 'experts-average-quantised',
    why: 'The average of the experts in 8 bits.',
    needs: ['experts-average'],
    command: inTypes('experts-average', eightBits),
  },
  {
    name: 'joint-quantised',
    why: 'The mixture in as many bytes.',
    needs: ['joint'],
    command: inTypes('joint', mixtureBits),
  },
];

/** What is measured side by side at the end; the first is what the others are compared with. */
export const compared: readonly string[] = ['seed', 'bundled', 'whole', 'whole-small', 'code-quantised', 'experts-average-quantised', 'joint-quantised'];
