import type { Backend } from './backend.ts';
import type { LoadedAdapter, LoadParams } from '../protocol/engine.ts';
import type { Evaluator } from './evaluator.ts';
import type { OpenedDevice } from './llamaCpp/device.ts';
import type { ModelFile } from './modelFile.ts';
import type { ModelText } from './modelText.ts';

/** The parameters for opening a model. */
export interface OpenRequest {
  readonly params: LoadParams;
  readonly file: ModelFile;
  readonly device: OpenedDevice;
  readonly threads: number;
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
  /** Receives lines for the user's log. */
  readonly report?: (line: string) => void;
  /** The last lines that the native libraries logged. */
  readonly logLines: () => readonly string[];
}

/** A model in memory, ready for the scheduler. */
export interface OpenedModel {
  readonly engine: 'chorus' | 'llama';
  readonly backend: Backend;
  readonly text: ModelText;
  /** The features that this engine lacks for this model, a sentence each. */
  readonly limits: readonly string[];
  /** The adapters that change this model. Absent: none. */
  readonly adapters?: readonly LoadedAdapter[];
  /** Creates an evaluator for measurements while no request runs. The caller disposes it before the model. */
  evaluator(): Evaluator;
  /** Bytes on a GPU, in addition to the process's own memory. */
  deviceMemoryBytes(): number;
  /** Waits for the current evaluation, then frees everything. */
  dispose(): Promise<void>;
}
