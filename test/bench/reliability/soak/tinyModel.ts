import path from 'node:path';
import { Device } from '../../../../kernels/ggml/device.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const CHAT_TEMPLATE = '{% for message in messages %}<{{ message.role }}>{{ message.content }}\n{% endfor %}';

/**
 * Writes a small random network into a folder and returns its path. It is for long runs that must hardly use the
 * processor.
 */
export async function writeSoakModel(folder: string): Promise<string> {
  const file = path.join(folder, 'Tiny-random.F32.gguf');
  using device = new Device('cpu', { threads: 1 });
  const vocabulary = {
    ...tinyVocabulary(),
    'tokenizer.chat_template': { type: 'string', value: CHAT_TEMPLATE },
  } as const;
  await writeTinyModel(file, {
    variant: 'llama',
    type: 'F32',
    device,
    vocabulary,
    keys: { context_length: { type: 'u32', value: 8_192 } },
  });
  return file;
}
