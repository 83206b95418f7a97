import path from 'node:path';
import { bundledExpertsPath, bundledModelPath } from './defaultModel.ts';

/**
 * Returns the file with a model's own low-rank experts, which are loaded with it. The bundled model has such a file,
 * also if it is missing in this build. Undefined for a model without experts of its own.
 */
export async function expertsOf(modelPath: string, scriptFolder?: string): Promise<string | undefined> {
  const bundled = await bundledModelPath(scriptFolder);
  return bundled !== undefined && path.resolve(modelPath) === bundled ? bundledExpertsPath(scriptFolder) : undefined;
}
