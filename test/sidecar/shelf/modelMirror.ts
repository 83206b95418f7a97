import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ModelServer, sha256, whole, type Answer } from './modelServer.ts';

/** What the catalogue says of a model besides its files. */
export interface OfferedModel {
  readonly id: string;
  readonly name: string;
  readonly publisher: string;
  readonly page: string;
  readonly parameters: number;
  readonly architecture: string;
  readonly shape: Readonly<Record<string, number>>;
  readonly contextTokens: number;
}

const SMOLLM2: OfferedModel = {
  id: 'smollm2-135m',
  name: 'SmolLM2 135M',
  publisher: 'Hugging Face',
  page: 'https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct',
  parameters: 135_000_000,
  architecture: 'llama',
  shape: {
    blockCount: 30,
    embeddingLength: 576,
    headCount: 9,
    keyValueHeadCount: 3,
    headLength: 64,
    vocabularySize: 49_152,
  },
  contextTokens: 8192,
};

/**
 * A mirror of Hugging Face on this machine with one model, by default of SmolLM2-135M's shape, and the catalogue that
 * offers it.
 */
export class ModelMirror implements AsyncDisposable {
  private constructor(
    readonly server: ModelServer,
    readonly file: string,
    private readonly folder: string,
  ) {}

  /** `answers` are the responses to the requests in turn; the last one repeats. */
  static start(modelPath: string, type: string, ...answers: readonly Answer[]): Promise<ModelMirror> {
    return ModelMirror.offer(SMOLLM2, { modelPath, type }, ...answers);
  }

  /** The same for another model of the catalogue. */
  static async offer(
    entry: OfferedModel,
    { modelPath, type }: { readonly modelPath: string; readonly type: string },
    ...answers: readonly Answer[]
  ): Promise<ModelMirror> {
    const content = await readFile(modelPath);
    const server = await ModelServer.start(content, ...(answers.length > 0 ? answers : [whole]));
    const mirror = new ModelMirror(
      server,
      path.basename(modelPath),
      await mkdtemp(path.join(os.tmpdir(), 'chorus-mirror-')),
    );
    await writeFile(
      mirror.catalogue,
      JSON.stringify({ version: 1, models: [model(entry, { type, file: mirror.file, content })] }),
    );
    return mirror;
  }

  get catalogue(): string {
    return path.join(this.folder, 'catalogue.json');
  }

  /** The settings of a user who has such a mirror. */
  get settings(): Record<string, string> {
    return { 'chorus.catalogue': this.catalogue, 'chorus.downloads.mirror': this.server.origin };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function model(
  entry: OfferedModel,
  { type, file, content }: { readonly type: string; readonly file: string; readonly content: Buffer },
): object {
  return {
    ...entry,
    completesInTheMiddle: true,
    answers: true,
    languages: ['en'],
    licence: { name: 'Apache-2.0', commercialUse: true },
    quantisations: [
      {
        type,
        files: [
          {
            url: `https://huggingface.co/chorus/models/resolve/main/${file}`,
            sizeBytes: content.length,
            sha256: sha256(content),
          },
        ],
      },
    ],
  };
}
