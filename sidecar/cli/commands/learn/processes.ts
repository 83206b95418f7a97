import { EngineProcess } from '../../../engine/process/engineProcess.ts';
import type { PassRequest } from '../../../learning/learnWorkspace.ts';
import type { MeasuredModel } from '../../../learning/measureModel.ts';
import { expertsOf } from '../../../shelf/modelExperts.ts';
import { expertOptions, trainedTokens } from '../../../workshop/train/expertOptions.ts';
import { checkExpertInProcess, trainInProcess } from '../../../workshop/train/trainingProcess.ts';
import { InterruptedError } from '../../exitCodes.ts';
import type { Pausing } from '../../pausing.ts';

/** Loads a model and its own experts in an engine of its own, which pauses with the other processes. */
export async function openModel({
  modelPath,
  adapters,
  threads,
  pausing,
}: {
  readonly modelPath: string;
  readonly adapters: readonly string[];
  readonly threads: number;
  readonly pausing?: Pausing;
}): Promise<MeasuredModel> {
  const engine = new EngineProcess();
  try {
    const model = await engine.load({
      modelPath,
      experts: await expertsOf(modelPath),
      adapters,
      engine: 'chorus',
      device: 'cpu',
      threads,
      contextSizeTokens: 0,
    });
    const included = engine.pid === undefined ? undefined : pausing?.include(engine.pid);
    return {
      engine,
      model,
      [Symbol.asyncDispose]: async () => {
        included?.[Symbol.dispose]();
        await engine.dispose();
      },
    };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/** Checks that an expert of a model can be trained. Rejects with `TroubleError` if it can't. */
export async function requireTrainable(modelPath: string): Promise<void> {
  const nothing = { outputFile: '', trainingFolder: '', maxTokens: 1, threads: 1, seed: 1, hasFillMarks: false };
  await checkExpertInProcess(expertOptions({ ...nothing, modelPath }));
}

interface Pass {
  readonly modelPath: string;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, share: number) => void;
  readonly pausing: Pausing;
}

/** Trains an expert in a process of its own. Resolves with the trained tokens. Rejects if the signal aborted. */
export async function trainPass(
  { modelPath, signal, onProgress, pausing }: Pass,
  { texts, ...request }: PassRequest,
): Promise<number> {
  const options = expertOptions({ ...request, modelPath });
  let included: Disposable | undefined;
  const { outputPath } = await trainInProcess(options, {
    texts,
    signal,
    onProgress: ({ step, totalSteps }) => onProgress('Learning', step / totalSteps),
    onProcess: (pid) => (included = pausing.include(pid)),
  }).finally(() => included?.[Symbol.dispose]());
  if (outputPath === undefined) throw new InterruptedError();
  return trainedTokens(options);
}
