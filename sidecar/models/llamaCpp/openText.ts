import type { DeviceChoice } from '../../protocol/client.ts';
import { inspectModelFile, inspectTokenizerFile } from '../modelFile.ts';
import { ModelText } from '../modelText.ts';
import { closeLlama } from './closeLlama.ts';
import { openDevice } from './device.ts';
import { loadLlamaModel } from './loadLlamaModel.ts';

export interface OpenedText {
  readonly text: ModelText;
  readonly dispose: () => Promise<void>;
}

/**
 * Opens the tokenizer and vocabulary of a model file, without its weights. `isTokenizer`: the file need not have
 * weights. Throws `TroubleError`.
 */
export async function openText(
  modelPath: string,
  options: { device: DeviceChoice; threads: number; isTokenizer?: boolean; log?: (line: string) => void },
): Promise<OpenedText> {
  const { device, threads } = options;
  const lines: string[] = [];
  const file = options.isTokenizer ? await inspectTokenizerFile(modelPath) : await inspectModelFile(modelPath);
  const opened = await openDevice(device, { threads, log: options.log ?? ((line) => lines.push(line)) });
  try {
    const params = { modelPath, engine: 'chorus', device, threads, contextSizeTokens: 0 } as const;
    const model = await loadLlamaModel(
      { params, file, device: opened, logLines: () => lines },
      { vocabOnly: true, gpuLayers: 0 },
    );
    const dispose = async (): Promise<void> => {
      await model.dispose();
      await closeLlama(opened.llama);
    };
    try {
      return { text: await ModelText.of(model, file), dispose };
    } catch (error) {
      await model.dispose();
      throw error;
    }
  } catch (error) {
    await closeLlama(opened.llama);
    throw error;
  }
}
