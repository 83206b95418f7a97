import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { openComputeDevice } from '../../models/computeDevice.ts';
import { openNetwork, type OpenedNetwork } from '../../models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../models/chorus/network/placement.ts';
import { readVocabulary, type Vocabulary } from '../../models/gguf/vocabulary.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import type { PackedSequence, TeacherTargets } from './batchStream.ts';
import type { TrainOptions } from './options.ts';

/** The tokens that are evaluated at once, which bounds the memory of logits. */
const CHUNK_TOKENS = 64;

/** A larger model whose probabilities a training imitates (Hinton et al. 2015, arXiv 1503.02531). */
export class Teacher implements Disposable {
  /** The logits of the student's tokens, written for each row. */
  readonly #values: Float32Array;

  private constructor(
    private readonly device: Device,
    private readonly network: OpenedNetwork,
    /** The teacher's token for each token of the student, or −1. */
    private readonly teacherTokens: Int32Array,
    private readonly targets: number,
  ) {
    this.#values = new Float32Array(teacherTokens.length);
  }

  /**
   * Opens a teacher. Tokens are matched by their bytes, so the student's vocabulary may be a part of the teacher's.
   * Throws `TroubleError` if it is not.
   */
  static async open(
    { modelPath: file, targets }: NonNullable<TrainOptions['teacher']>,
    { modelPath, sequenceTokens, device: kind, threads }: TrainOptions,
  ): Promise<Teacher> {
    const teacherTokens = matchTokens(await vocabularyOf(modelPath), await vocabularyOf(file));
    const missing = teacherTokens.reduce((count, token) => count + (token < 0 ? 1 : 0), 0);
    if (missing > teacherTokens.length / 2 || targets > teacherTokens.length - missing)
      throw new TroubleError(
        'invalid-input',
        `${path.basename(file)} has ${teacherTokens.length - missing} of the ${teacherTokens.length} tokens of ${path.basename(modelPath)}. A teacher needs the same vocabulary, or a larger one with the same tokens.`,
      );
    const device = await openComputeDevice(kind, { threads });
    try {
      const network = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: sequenceTokens });
      return new Teacher(device, network, teacherTokens, targets);
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
  }

  /** The teacher's probabilities for each prediction of a sequence. Throws `TroubleError` for a token it lacks. */
  async teach({ tokens, weights, starts }: PackedSequence): Promise<TeacherTargets> {
    const rows = weights.length;
    const result: TeacherTargets = {
      tokens: new Int32Array(rows * this.targets),
      shares: new Float32Array(rows * this.targets),
      tails: new Float32Array(rows),
    };
    const places = [...new Set([0, ...starts, rows])].filter((place) => place <= rows).sort((a, b) => a - b);
    for (const [index, start] of places.slice(0, -1).entries()) {
      this.network.sequence.truncate(0);
      const end = places[index + 1] as number;
      for (let first = start; first < end; first += CHUNK_TOKENS)
        await this.#teachChunk(tokens.subarray(first, Math.min(end, first + CHUNK_TOKENS)), first, result);
    }
    return result;
  }

  async #teachChunk(tokens: Int32Array, firstRow: number, result: TeacherTargets): Promise<void> {
    const { network, sequence, model } = this.network;
    const { vocabularySize } = model.hyperparameters;
    const given = [...tokens].map((token) => this.#teacherToken(token));
    const logits = await network.evaluate(sequence, given, 'all');
    for (let row = 0; row < tokens.length; row++)
      this.#chooseTargets(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), firstRow + row, result);
  }

  #teacherToken(token: number): number {
    const found = this.teacherTokens[token] ?? -1;
    if (found < 0) throw new TroubleError('invalid-input', `The teacher lacks the token ${token} of the texts.`);
    return found;
  }

  /** Writes the largest probabilities among the student's tokens, and the sum of all others. */
  #chooseTargets(logits: Float32Array, row: number, { tokens, shares, tails }: TeacherTargets): void {
    const { targets } = this;
    const values = this.#values;
    for (let token = 0; token < values.length; token++) {
      const given = this.teacherTokens[token] as number;
      values[token] = given < 0 ? -Infinity : (logits[given] as number);
    }
    const chosen = largest(values, targets);
    const most = values[chosen[0] as number] as number;
    let total = 0;
    for (const value of values) total += Math.exp(value - most);
    let tail = 1;
    chosen.forEach((token, index) => {
      const share = Math.exp((values[token] as number) - most) / total;
      tokens[row * targets + index] = token;
      shares[row * targets + index] = share;
      tail -= share;
    });
    tails[row] = Math.max(0, tail);
  }

  [Symbol.dispose](): void {
    this.network[Symbol.dispose]();
    this.device[Symbol.dispose]();
  }
}

/** The places of the largest values, the largest first. */
function largest(values: Float32Array, count: number): number[] {
  const chosen: number[] = [];
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as number;
    if (chosen.length === count && value <= (values[chosen[count - 1] as number] as number)) continue;
    if (chosen.length === count) chosen.pop();
    let index = chosen.length;
    while (index > 0 && value > (values[chosen[index - 1] as number] as number)) index--;
    chosen.splice(index, 0, place);
  }
  return chosen;
}

async function vocabularyOf(file: string): Promise<Vocabulary> {
  const vocabulary = await readVocabulary(file);
  if (!vocabulary)
    throw new TroubleError(
      'unsupported-model',
      `${path.basename(file)} has a tokenizer of a kind that can't be taught.`,
    );
  return vocabulary;
}

function matchTokens(student: Vocabulary, teacher: Vocabulary): Int32Array {
  const key = (vocabulary: Vocabulary, token: number): string =>
    `${vocabulary.isControl(token)} ${vocabulary.tokenBytes(token, { special: true }).toString('latin1')}`;
  const tokens = new Map(Array.from({ length: teacher.size }, (_, token) => [key(teacher, token), token] as const));
  return Int32Array.from({ length: student.size }, (_, token) => tokens.get(key(student, token)) ?? -1);
}
