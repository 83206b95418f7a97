import type { Backend } from './backend.ts';
import type { LoadParams } from '../protocol/engine.ts';
import type { Evaluator } from './evaluator.ts';
import type { OpenedDevice } from './llamaCpp/device.ts';
import type { ModelFile } from './modelFile.ts';
import type { ModelText } from './modelText.ts';

/** What an engine needs to open a model. */
export interface OpenRequest {
  readonly params: LoadParams;
  readonly file: ModelFile;
  readonly device: OpenedDevice;
  readonly threads: number;
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
  /** The last lines that the native libraries logged. */
  readonly logLines: () => readonly string[];
}

/** A model in memory, ready for the scheduler. */
export interface OpenedModel {
  readonly engine: 'chorus' | 'llama';
  readonly backend: Backend;
  readonly text: ModelText;
  /** What this engine lacks for this model; one sentence each. */
  readonly limits: readonly string[];
  /** For measuring, while no request runs; the caller disposes it before the model. */
  evaluator(): Evaluator;
  /** Bytes on a GPU, besides the process's own. */
  deviceMemoryBytes(): number;
  /** Waits for the evaluation under way, then frees everything. */
  dispose(): Promise<void>;
}
