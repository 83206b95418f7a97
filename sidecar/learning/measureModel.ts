import { TroubleError } from '../common/troubleError.ts';
import { detectFim } from '../completion/prompt/fim.ts';
import type { Engine } from '../engine/engine.ts';
import type { Measuring } from '../engine/measuring.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import type { FillWindow } from './fillWindows.ts';
import { generalNats } from './generalNats.ts';
import { measureFills, type FillScore, type MeasureFillsOptions } from './measureFills.ts';
import { uriOfSource } from './sourceWorkspace.ts';

/** A model that is loaded to measure it. */
export interface MeasuredModel extends AsyncDisposable {
  readonly engine: Pick<Engine, 'tokenize' | 'detokenize'> & Pick<Measuring, 'score'>;
  readonly model: LoadedModel;
}

export interface Measured {
  readonly hasFillMarks: boolean;
  readonly fills: readonly FillScore[];
  readonly generalNats: number;
}

export interface MeasureModelOptions extends Pick<MeasureFillsOptions, 'workspace' | 'onProgress'> {
  readonly adapters: readonly string[];
  /** Loads the model with adapters. */
  readonly open: (adapters: readonly string[]) => Promise<MeasuredModel>;
  readonly signal: AbortSignal;
}

/**
 * Loads a model with adapters, and measures how well it fills windows and predicts general code. Rejects with
 * `TroubleError`.
 */
export async function measureModel(
  windows: readonly FillWindow[],
  { adapters, open, workspace, signal, onProgress }: MeasureModelOptions,
): Promise<Measured> {
  await using opened = await open(adapters);
  const { engine, model } = opened;
  const missing = adapters.filter((file) => !model.adapters?.some(({ path }) => path === file));
  if (missing.length > 0)
    throw new TroubleError(
      'invalid-input',
      `The model runs without ${missing.join(', ')}: ${model.engineLimits.join(' ')}`,
    );
  const fills = await measureFills(windows, { engine, model, workspace, uriOf: uriOfSource, signal, onProgress });
  return {
    hasFillMarks: (await detectFim(engine, model)) !== undefined,
    fills,
    generalNats: await generalNats(engine, model, signal),
  };
}
