import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import type { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { MAX_TEMPLATE_UNITS } from '../../../../sidecar/models/chatTemplate/messages.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

/** Each template names `tools`, so that it is rendered when the model is loaded. */
const templates = {
  loops: {
    source: '{% for a in range(100000) %}{% for b in range(100000) %}{{ tools }}{% endfor %}{% endfor %}',
    says: /not done after|ended the process/,
  },
  takesMemory: {
    source: '{% for a in range(2000000000) %}{{ tools }}{% endfor %}',
    says: /not done after|ended the process/,
  },
  isLong: { source: `{# tools ${'x'.repeat(30 * 1024 * 1024)} #}`, says: /has \d+ characters, more than the 262144/ },
};

for (const kind of ['chorus', 'llama'] as const)
  describe(`a model on the engine ${kind} whose chat template`, () => {
    let folder: string;
    const engine = new LocalEngine({ log: () => undefined });

    before(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-template-test-'));
    });
    after(async () => {
      await engine.dispose();
      await rm(folder, { recursive: true });
    });

    for (const [name, { source, says }] of Object.entries(templates)) {
      test(`${name} completes code, and says why it does not chat`, async () => {
        const modelPath = path.join(folder, `${name}.gguf`);
        using device = new Device('cpu');
        await writeTinyModel(modelPath, {
          variant: 'llama',
          type: 'F32',
          device,
          vocabulary: { ...tinyVocabulary(), 'tokenizer.chat_template': { type: 'string', value: source } },
        });
        const loaded = await engine.load({ modelPath, engine: kind, device: 'cpu', threads: 1, contextSizeTokens: 64 });
        assert.equal(loaded.supportsToolCalling, false);
        assert.equal(loaded.chatTemplate?.length, Math.min(source.length, MAX_TEMPLATE_UNITS));
        await assert.rejects(
          engine.chatTemplate({ messages: [{ role: 'user', content: 'Hello' }], addGenerationPrompt: true }),
          (error: TroubleError) => {
            assert.equal(error.code, 'unsupported-model');
            assert.ok(error.message.startsWith(`The chat template of ${name}.gguf `), error.message);
            assert.match(error.message, says);
            return true;
          },
        );
        const { tokens } = await engine.generate({
          sequence: 's',
          priority: 'completion',
          tokens: [0, 1, 2],
          maxTokens: 2,
          sampling: { temperature: 0 },
        });
        assert.ok(tokens.length > 0);
      });
    }
  });
