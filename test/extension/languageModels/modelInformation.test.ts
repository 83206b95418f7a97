import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { modelInformation } from '../../../extension/languageModels/modelInformation.ts';

describe('modelInformation', () => {
  it('holds for any model before one is loaded', () => {
    const information = modelInformation(undefined, 'local');
    assert.equal(information.name, 'Chorus');
    assert.ok(information.maxInputTokens > 0 && information.maxInputTokens + information.maxOutputTokens <= 2048);
    assert.equal(information.capabilities.toolCalling, undefined);
  });

  it('describes the loaded model, whose context question and answer share', () => {
    const information = modelInformation(
      {
        state: 'ready',
        modelName: 'SmolLM2',
        architecture: 'llama',
        contextSizeTokens: 8192,
        engine: 'llama',
        device: 'CPU',
      },
      'local',
    );
    assert.deepEqual(
      [information.name, information.family, information.version],
      ['Chorus: SmolLM2', 'llama', 'SmolLM2'],
    );
    assert.equal(information.maxInputTokens + information.maxOutputTokens, 8192);
    assert.equal(information.tooltip, 'SmolLM2 · llama · CPU');
  });

  it('names the vendor once', () => {
    const nameOf = (modelName: string): string => modelInformation({ state: 'ready', modelName }, '').name;
    for (const own of ['Chorus 0.5B', 'Chorus-0.5B', 'chorus']) assert.equal(nameOf(own), own);
    for (const other of ['SmolLM2', 'Chorusline 7B', 'A Chorus of Angels', ''])
      assert.equal(nameOf(other), other === '' ? 'Chorus' : `Chorus: ${other}`);
  });

  it('declares tool calling only if the model has it', () => {
    assert.equal(
      modelInformation({ state: 'ready', supportsToolCalling: false }, '').capabilities.toolCalling,
      undefined,
    );
    assert.equal(modelInformation({ state: 'ready', supportsToolCalling: true }, '').capabilities.toolCalling, true);
  });

  it('keeps its identifier, so that a chosen model stays chosen', () => {
    assert.equal(modelInformation(undefined, '').id, modelInformation({ state: 'ready', modelName: 'other' }, '').id);
  });
});
