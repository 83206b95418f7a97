import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import type { Parameters } from '../../../kernels/training/optimiser/parameters.ts';
import { parseJson } from '../../common/parseJson.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { StreamState } from './batchStream.ts';

const KEPT = 2;
const STATE_FILE = 'state.json';
const TENSOR_FILE = 'tensors.f32';
const NAME = /^step-(\d{8})$/;

const PARTIAL_NAME = /^\.step-\d{8}\.part$/;

/** The state of a training besides tensors. */
export interface CheckpointState<Stream = StreamState> {
  readonly step: number;
  readonly losses: readonly number[];
  /** The position in the data. */
  readonly stream: Stream;
  /** Of all settings that must stay the same. */
  readonly fingerprint: string;
  /** A digest of the file that gave the weights or the tokenizer. Absent if there is none, and in older checkpoints. */
  readonly origin?: string;
  readonly parameters: readonly { readonly name: string; readonly extents: readonly number[] }[];
}

/** The checkpoints of a training. They are folders, renamed when complete. The last two are kept. */
export class Checkpoints<Stream = StreamState> {
  constructor(readonly folder: string) {}

  /**
   * Writes the values and moments of all parameters. Throws `TroubleError` if the disk refuses, and keeps the previous
   * checkpoints then.
   */
  async save(state: Omit<CheckpointState<Stream>, 'parameters'>, parameters: Parameters): Promise<void> {
    const name = `step-${String(state.step).padStart(8, '0')}`;
    const partial = path.join(this.folder, `.${name}.part`);
    try {
      await mkdir(this.folder, { recursive: true });
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial);
      await writeWhole(path.join(partial, TENSOR_FILE), async (file) => {
        for (const { master, first, second } of parameters.all)
          for (const tensor of [master, first, second])
            await file.writeFile(bytesOf(readF32(parameters.device, tensor)));
      });
      const whole: CheckpointState<Stream> = {
        ...state,
        parameters: parameters.all.map(({ spec }) => ({ name: spec.name, extents: spec.extents })),
      };
      await writeWhole(path.join(partial, STATE_FILE), (file) => file.writeFile(JSON.stringify(whole)));
      await rm(path.join(this.folder, name), { recursive: true, force: true });
      await rename(partial, path.join(this.folder, name));
    } catch (error) {
      await rm(partial, { recursive: true, force: true }).catch(() => undefined);
      const { code, message } = error as NodeJS.ErrnoException;
      const reason =
        code === 'ENOSPC' || code === 'EDQUOT'
          ? 'the disk is full'
          : code === 'EFBIG'
            ? 'the system allows no file of this size'
            : message;
      throw new TroubleError(
        'engine-failed',
        `The checkpoint of step ${state.step} can't be written to ${this.folder}: ${reason}. Earlier checkpoints are intact.`,
        { cause: error },
      );
    }
    for (const step of (await this.steps()).slice(0, -KEPT))
      await rm(this.#path(step), { recursive: true, force: true });
    await this.#removePartial();
  }

  /** The steps with a checkpoint, the last step last. */
  async steps(): Promise<readonly number[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  /**
   * Reads the state of the last checkpoint. Resolves with `undefined` if there is none. Throws `TroubleError` if it is
   * damaged, belongs to another training, or lies beyond the training's last step.
   */
  async readState({
    fingerprint,
    origin,
    totalSteps,
  }: Pick<CheckpointState, 'fingerprint' | 'origin'> & { readonly totalSteps: number }): Promise<
    CheckpointState<Stream> | undefined
  > {
    const last = (await this.steps()).at(-1);
    if (last === undefined) return undefined;
    let state: CheckpointState<Stream>;
    try {
      state = parseJson(await readFile(path.join(this.#path(last), STATE_FILE), 'utf8')) as CheckpointState<Stream>;
    } catch (error) {
      throw this.#damaged(last, `${STATE_FILE} can't be read (${(error as Error).message})`, error);
    }
    if (state.fingerprint !== fingerprint || (state.origin !== undefined && state.origin !== origin)) {
      throw new TroubleError(
        'invalid-input',
        `The checkpoints in ${this.folder} are of a training with another model, data or options. Choose another --name, or --restart to start again.`,
      );
    }
    if (state.step > totalSteps) {
      throw new TroubleError(
        'invalid-input',
        `The last checkpoint in ${this.folder} is of step ${state.step}, beyond --steps ${totalSteps}. Choose --steps ${state.step} or more, another --name, or --restart to start again.`,
      );
    }
    return state;
  }

  /** Reads the tensors of a checkpoint into `parameters`. Throws `TroubleError` if it is damaged. */
  async readTensors({ step }: Pick<CheckpointState, 'step'>, parameters: Parameters): Promise<void> {
    const tensorFile = path.join(this.#path(step), TENSOR_FILE);
    const expectedBytes = parameters.all.reduce((sum, { master }) => sum + 3 * master.sizeBytes, 0);
    const { size } = await stat(tensorFile).catch(() => ({ size: 0 }));
    if (size !== expectedBytes)
      throw this.#damaged(step, `${TENSOR_FILE} has ${size} bytes, expected ${expectedBytes}`);
    const file = await open(tensorFile, 'r');
    try {
      for (const { master, first, second } of parameters.all) {
        for (const tensor of [master, first, second])
          write(parameters.device, tensor, await readExactly(file, tensor.sizeBytes));
      }
    } finally {
      await file.close();
    }
  }

  /** Removes all checkpoints of this training. */
  async clear(): Promise<void> {
    for (const step of await this.steps()) await rm(this.#path(step), { recursive: true, force: true });
  }

  /** Removes the partial checkpoint of a training that was killed. */
  async #removePartial(): Promise<void> {
    for (const name of await readdir(this.folder))
      if (PARTIAL_NAME.test(name)) await rm(path.join(this.folder, name), { recursive: true, force: true });
  }

  #damaged(step: number, what: string, cause?: unknown): TroubleError {
    return new TroubleError(
      'invalid-input',
      `The checkpoint ${this.#path(step)} is damaged: ${what}. Remove it to resume from the checkpoint before it.`,
      { cause },
    );
  }

  #path(step: number): string {
    return path.join(this.folder, `step-${String(step).padStart(8, '0')}`);
  }
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

async function writeWhole(filePath: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(filePath, 'w');
  try {
    await fill(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await file.read(buffer, done, bytes - done);
    if (bytesRead === 0) throw new Error(`${bytes - done} bytes are missing.`);
    done += bytesRead;
  }
  return buffer;
}
