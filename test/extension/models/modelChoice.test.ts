import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choicesOf } from '../../../extension/models/modelChoice.ts';
import type { CatalogueShelfEntry, LocalShelfEntry, ShelfQuantisation } from '../../../sidecar/protocol/client.ts';

function quantisation(type: string, changes: Partial<ShelfQuantisation> = {}): ShelfQuantisation {
  return {
    type,
    sizeBytes: 1e9,
    plan: { fit: 'cpu', neededBytes: 2e9, speed: 'quick' },
    isRecommended: false,
    state: 'absent',
    ...changes,
  };
}

function entry(id: string, ...quantisations: readonly ShelfQuantisation[]): CatalogueShelfEntry {
  const licence = { name: 'Apache-2.0', commercialUse: true };
  return {
    kind: 'catalogue',
    id,
    name: id,
    publisher: 'p',
    page: 'https://example.com',
    parameters: 1e9,
    contextTokens: 8192,
    completesInTheMiddle: true,
    answers: true,
    languages: [],
    licence,
    engine: 'chorus',
    quantisations,
  };
}

const bundled: LocalShelfEntry = {
  kind: 'local',
  model: { path: '/b.gguf', name: 'b', sizeBytes: 1, source: 'bundled' },
  isChosen: true,
  isRemovable: false,
  isRecommended: false,
};

describe('choicesOf', () => {
  it('lists present models, then recommended ones, then others by size, unsuitable ones last, then files and a server', () => {
    const tooLarge = quantisation('Q8_0', { sizeBytes: 5, plan: { fit: 'none', neededBytes: 9e12, speed: 'slow' } });
    const choices = choicesOf([
      entry('large', tooLarge, quantisation('Q4_0', { sizeBytes: 9e9 })),
      bundled,
      entry('small', quantisation('Q4_0', { sizeBytes: 3e8 })),
      entry('best', quantisation('Q4_0', { isRecommended: true })),
    ]);
    const names = choices.map((choice) =>
      choice.kind === 'download' ? `${choice.entry.id} ${choice.quantisation.type}` : choice.kind,
    );
    assert.deepEqual(names, [
      'local',
      'best Q4_0',
      'small Q4_0',
      'large Q4_0',
      'large Q8_0',
      'browse',
      'import',
      'server',
    ]);
  });

  it('marks one choice as chosen: the model on this machine, or the server in its place', () => {
    const chosen = (server?: { readonly url: string; readonly model: string }): readonly string[] =>
      choicesOf([bundled], server).flatMap((choice) =>
        (choice.kind === 'local' && choice.isChosen) || (choice.kind === 'server' && choice.chosen)
          ? [choice.kind]
          : [],
      );
    assert.deepEqual(chosen(), ['local']);
    assert.deepEqual(chosen({ url: 'https://gpu.example/v1', model: 'm' }), ['server']);
  });

  it('offers no download of a present model', () => {
    const choices = choicesOf([
      entry(
        'here',
        quantisation('Q4_0', { state: 'present', path: '/x.gguf' }),
        quantisation('Q8_0', { state: 'partial', receivedBytes: 5 }),
      ),
    ]);
    assert.deepEqual(
      choices.flatMap((choice) => (choice.kind === 'download' ? [choice.quantisation.type] : [])),
      ['Q8_0'],
    );
  });
});
