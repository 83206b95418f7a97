import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { developerCacheFolder } from '../../../.scripts/fetchModel.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { defaultAdamW } from '../../../kernels/training/optimiser/adamWOptions.ts';
import { logProbability } from '../../../sidecar/models/decoding/logSumExp.ts';
import { openNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/network/placement.ts';
import { openTokenizer, type OpenedTokenizer } from '../../../sidecar/workshop/train/openTokenizer.ts';
import type { ScratchSizes, TrainOptions } from '../../../sidecar/workshop/train/options.ts';
import { trainInProcess } from '../../../sidecar/workshop/train/trainingProcess.ts';
import { smallVocabulary } from '../smallVocabulary.ts';
import { heldOutChunks, writeMixture, type Domain } from './domains.ts';

/** Increased when the training changes, so that models of two kinds are not mixed. */
export const VERSION = 3;
/** The tokens of the smallest vocabulary: special tokens and bytes. */
export const BYTES = 288;

/** The common settings of small models. They are part of the key of kept figures. */
export interface SmallSettings {
  readonly sizes: ScratchSizes;
  readonly vocabularyTokens: number;
  readonly sequenceTokens: number;
  readonly batchSequences: number;
  readonly microSequences: number;
  readonly warmUpSteps: number;
  readonly routerLoss: TrainOptions['routerLoss'];
  /** The domains of the measurements. */
  readonly domains: readonly Domain[];
  /** The measured chunks of each domain. */
  readonly measured: { readonly chunks: number; readonly length: number };
}

export interface SmallTraining {
  /** The model of the same bench to begin with. Absent means random weights. */
  readonly from?: string;
  /** The name of the texts, if other trainings use the same. By default the training's own name. */
  readonly data?: string;
  readonly steps: number;
  readonly rate: number;
  /** The sizes of the texts in tokens. */
  readonly tokens: Readonly<Partial<Record<Domain, number>>>;
  readonly changes?: Partial<TrainOptions>;
}

/** The result of a model: the loss per token of each domain's held-out text, in nats. */
export interface Outcome {
  readonly losses: Readonly<Record<Domain, number>>;
  /** The duration of its last training. */
  readonly seconds: number;
}

/** The time of this run is over. Finished work is kept. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

/**
 * Small models of one seed, trained and measured as by `chorus train` and the engine. Results are kept in the developer
 * cache, by bench and settings.
 */
export class SmallModels {
  private constructor(
    readonly folder: string,
    readonly seed: number,
    private readonly settings: SmallSettings,
    private readonly options: SmallOptions,
  ) {}

  static async open(bench: string, seed: number, settings: SmallSettings, options: SmallOptions): Promise<SmallModels> {
    const key = createHash('sha256')
      .update(JSON.stringify([VERSION, settings]))
      .digest('hex')
      .slice(0, 12);
    const folder = path.join(developerCacheFolder(), `bench-${bench}`, key, `seed${seed}`);
    await mkdir(folder, { recursive: true });
    return new SmallModels(folder, seed, settings, options);
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  async has(name: string): Promise<boolean> {
    return (await stat(this.file(name)).catch(() => undefined)) !== undefined;
  }

  /** Trains a model, or continues an interrupted training. Throws `OutOfTimeError`. */
  async train(name: string, { from, data = name, steps, rate, tokens, changes }: SmallTraining): Promise<void> {
    if (await this.has(`${name}.gguf`)) return;
    const { settings, seed } = this;
    const { tokenizer, tokenizerFile, threads, deadline, log } = this.options;
    const texts = this.file(`texts-${data}`);
    if (!(await this.has(`texts-${data}.whole`))) {
      await writeMixture(texts, tokens, tokenizer, seed);
      await writeFile(this.file(`texts-${data}.whole`), '');
    }
    const partial = this.file(`${name}.part.gguf`);
    const options: TrainOptions = {
      ...{
        modelPath: from === undefined ? tokenizerFile : this.file(`${from}.gguf`),
        scratch: from === undefined ? settings.sizes : undefined,
      },
      ...{
        dataPaths: [texts],
        maxFileBytes: 1_000_000,
        outputPath: partial,
        checkpointFolder: this.file(`${name}.checkpoints`),
        checkpointSteps: 50,
        resume: true,
      },
      ...{
        sequenceTokens: settings.sequenceTokens,
        batchSequences: settings.batchSequences,
        microSequences: settings.microSequences,
        precision: 'bf16',
        freeze: [],
      },
      schedule: {
        kind: 'cosine',
        peakRate: rate,
        floorShare: 0.1,
        warmUpSteps: settings.warmUpSteps,
        totalSteps: steps,
        decayShare: 0.2,
      },
      ...{
        optimiser: defaultAdamW,
        routerLoss: settings.routerLoss,
        fimShare: 0,
        fimLoss: 'all',
        seed,
        device: 'cpu',
        threads,
      },
      ...changes,
    };
    const [started, before] = [performance.now(), await this.#seconds(name)];
    const { outputPath, step, losses } = await trainInProcess(options, { signal: deadline });
    const seconds = before + (performance.now() - started) / 1000;
    await writeFile(this.file(`${name}.seconds`), String(seconds));
    if (outputPath === undefined) throw new OutOfTimeError(`${name} of seed ${seed} is at step ${step} of ${steps}.`);
    const speed = (steps * settings.sequenceTokens * settings.batchSequences) / seconds;
    log(
      `seed ${seed}: ${name} learnt ${steps} steps in ${seconds.toFixed(0)} s, ${speed.toFixed(0)} tokens/s, last loss ${losses.at(-1)?.toFixed(3)}`,
    );
    await rm(options.checkpointFolder, { recursive: true, force: true });
    await rename(partial, this.file(`${name}.gguf`));
  }

  /** Measures a model on texts of all domains that were not trained on. Throws `OutOfTimeError`. */
  async measure(name: string): Promise<Outcome> {
    const file = this.file(`${name}.json`);
    const kept = await readFile(file, 'utf8').catch(() => undefined);
    if (kept !== undefined) return JSON.parse(kept) as Outcome;
    const { deadline, tokenizer, threads } = this.options;
    if (deadline.aborted) throw new OutOfTimeError(`${name} of seed ${this.seed} still has to be measured.`);
    const { chunks, length } = this.settings.measured;
    using device = new Device('cpu', { threads });
    using network = await openNetwork(this.file(`${name}.gguf`), {
      placement: onOneDevice(device),
      capacityTokens: Math.ceil(length / 256) * 256,
    });
    const { vocabularySize } = network.model.hyperparameters;
    const losses: Partial<Record<Domain, number>> = {};
    for (const domain of this.settings.domains) {
      let [sum, count] = [0, 0];
      for (const chunk of await heldOutChunks(domain, tokenizer, { count: chunks, length })) {
        const logits = await network.logits(chunk, { chunkTokens: length });
        for (let position = 0; position + 1 < length; position++, count++) {
          sum -= logProbability(
            logits.subarray(position * vocabularySize, (position + 1) * vocabularySize),
            chunk[position + 1] as number,
          );
        }
      }
      losses[domain] = sum / count;
    }
    const outcome: Outcome = { losses: losses as Record<Domain, number>, seconds: await this.#seconds(name) };
    await writeFile(file, JSON.stringify(outcome));
    return outcome;
  }

  async #seconds(name: string): Promise<number> {
    return Number(await readFile(this.file(`${name}.seconds`), 'utf8').catch(() => '0'));
  }
}

export interface SmallOptions {
  readonly tokenizerFile: string;
  readonly tokenizer: OpenedTokenizer;
  readonly threads: number;
  readonly deadline: AbortSignal;
  readonly log: (line: string) => void;
}

/**
 * Command-line options of all benches of small models. Small matrices gain little from a second thread, so two benches
 * with one thread each finish sooner.
 */
export const smallModelFlags = {
  seeds: { type: 'string', default: '3' },
  threads: { type: 'string', default: '2' },
  'max-seconds': { type: 'string', default: '86400' },
  write: { type: 'boolean', default: false },
} as const;

/**
 * Runs a bench with its tokenizer for a limited time. When the time is over, prints a message and ends the process with
 * code 75.
 */
export async function withSmallModels(
  settings: SmallSettings,
  flags: { readonly threads: string; readonly 'max-seconds': string },
  run: (options: SmallOptions) => Promise<void>,
): Promise<void> {
  const threads = Number(flags.threads);
  const tokenizerFile = await smallVocabulary(settings.vocabularyTokens);
  const tokenizer = await openTokenizer({ modelPath: tokenizerFile, scratch: settings.sizes, device: 'cpu', threads });
  try {
    await run({
      tokenizerFile,
      tokenizer,
      threads,
      deadline: AbortSignal.timeout(Number(flags['max-seconds']) * 1000),
      log: (line) => void process.stdout.write(`${line}\n`),
    });
  } catch (error) {
    if (!(error instanceof OutOfTimeError)) throw error;
    process.stdout.write(`${error.message} Run it again to continue.\n`);
    process.exitCode = 75;
  } finally {
    await tokenizer.dispose();
  }
}
