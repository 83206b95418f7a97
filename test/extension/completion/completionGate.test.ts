import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateState, toggledLanguages } from '../../../extension/completion/completionGate.ts';

describe('whether ghost text is wanted', () => {
  const preferences = { enabled: true, disabledLanguages: ['markdown'] };

  it('is by default', () => {
    assert.deepEqual(gateState(preferences, 'typescript', 0, 1_000), { kind: 'on' });
  });

  it('is not when switched off, whatever else holds', () => {
    assert.deepEqual(gateState({ ...preferences, enabled: false }, 'markdown', 2_000, 1_000), { kind: 'off' });
  });

  it('is not until the end of a snooze, and is from then on', () => {
    assert.deepEqual(gateState(preferences, 'typescript', 2_000, 1_999), { kind: 'snoozed', untilMs: 2_000 });
    assert.deepEqual(gateState(preferences, 'typescript', 2_000, 2_000), { kind: 'on' });
  });

  it('is not in a language switched off', () => {
    assert.deepEqual(gateState(preferences, 'markdown', 0, 1_000), { kind: 'languageOff', languageId: 'markdown' });
    assert.deepEqual(gateState(preferences, undefined, 0, 1_000), { kind: 'on' });
  });

  it('changes for a language by taking it on or off the list', () => {
    assert.deepEqual(toggledLanguages(['python'], 'go'), ['go', 'python']);
    assert.deepEqual(toggledLanguages(['go', 'python'], 'go'), ['python']);
  });
});
