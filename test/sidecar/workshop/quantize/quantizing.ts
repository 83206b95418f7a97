import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Device } from '../../../../kernels/ggml/device.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import type { QuantizeParams, QuantizeResult } from '../../../../sidecar/workshop/protocol.ts';
import { quantize } from '../../../../sidecar/workshop/quantize/quantize.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../../../reference/tinyModels.ts';

export const CONTEXT_TOKENS = 256;
export const tokens = Array.from({ length: 80 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);

/** A folder for small models and their quantised versions. */
export class Quantizing implements AsyncDisposable {
  readonly device = new Device('cpu', { threads: 2 });

  private constructor(readonly folder: string) {}

  static async open(): Promise<Quantizing> {
    return new Quantizing(await mkdtemp(path.join(os.tmpdir(), 'chorus-quantize-')));
  }

  /** The default output path of `make`. */
  get result(): string {
    return path.join(this.folder, 'result.gguf');
  }

  async write(name: string, options: Partial<Parameters<typeof writeTinyModel>[1]> = {}): Promise<string> {
    const file = path.join(this.folder, name);
    await writeTinyModel(file, { variant: 'llama', type: 'F32', device: this.device, ...options });
    return file;
  }

  make(modelPath: string, type: string, changes: Partial<QuantizeParams> = {}): Promise<QuantizeResult> {
    return quantize({ modelPath, outputPath: this.result, type, patterns: [], ...changes });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.device[Symbol.dispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The type and bytes of every tensor, by name. */
export async function contents(
  file: string,
): Promise<ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }>> {
  const header = await readGgufHeader(file);
  const all = await readFile(file);
  return new Map(
    header.tensors.map(({ name, type, offsetBytes, sizeBytes }) => [
      name,
      {
        type,
        bytes: all.subarray(header.dataOffsetBytes + offsetBytes, header.dataOffsetBytes + offsetBytes + sizeBytes),
      },
    ]),
  );
}
