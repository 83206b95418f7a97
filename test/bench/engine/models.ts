import path from 'node:path';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { bundledExpertsPath, bundledModelPath } from '../../../sidecar/shelf/defaultModel.ts';

/** A model of the comparison. */
export interface EngineModel {
  readonly name: string;
  readonly file: string;
  /** The file of its low-rank experts. */
  readonly experts?: string;
  readonly isBundled: boolean;
}

interface Named {
  readonly name: string;
  readonly file: () => Promise<string>;
  readonly withExperts?: true;
  readonly isBundled?: true;
}

/** The models, by their names in arguments. */
const MODELS: Readonly<Record<string, Named>> = {
  'chorus-0.5b': { name: 'Chorus-0.5B', file: bundledModel, isBundled: true },
  'chorus-0.5b+experts': { name: 'Chorus-0.5B with experts', file: bundledModel, withExperts: true, isBundled: true },
  'qwen-0.5b': { name: 'Qwen2.5-Coder-0.5B Q4_K_M', file: () => fetchModel('qwen2.5-coder-0.5b') },
  'qwen-1.5b': { name: 'Qwen2.5-Coder-1.5B Q4_K_M', file: () => fetchModel('qwen2.5-coder-1.5b') },
  smollm2: { name: 'SmolLM2-135M Q4_1', file: () => fetchModel('smollm2-135m') },
};

export const MODEL_NAMES = Object.keys(MODELS);

/** Returns a model by its name, or by the path of its GGUF file. Fetches it. Throws if there is no such model. */
export async function engineModel(argument: string): Promise<EngineModel> {
  const named = MODELS[argument];
  if (named)
    return {
      name: named.name,
      file: await named.file(),
      ...(named.withExperts ? { experts: await bundledExpertsPath() } : {}),
      isBundled: named.isBundled ?? false,
    };
  if (argument.endsWith('.gguf'))
    return { name: path.basename(argument, '.gguf'), file: path.resolve(argument), isBundled: false };
  throw new Error(`There is no model ${argument}, expected a GGUF file or one of ${MODEL_NAMES.join(', ')}.`);
}

async function bundledModel(): Promise<string> {
  const file = await bundledModelPath();
  if (file === undefined) throw new Error('This checkout has no bundled model in media/models.');
  return file;
}
