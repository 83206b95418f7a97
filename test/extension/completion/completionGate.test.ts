import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateState, toggledLanguages } from '../../../extension/completion/completionGate.ts';

describe('gateState', () => {
  const preferences = { enabled: true, disabledLanguages: ['markdown'] };

  it('is on by default', () => {
    assert.deepEqual(gateState(preferences, 'typescript', 0, 1_000), { kind: 'on' });
  });

  it('is off when ghost text is switched off, whatever else is set', () => {
    assert.deepEqual(gateState({ ...preferences, enabled: false }, 'markdown', 2_000, 1_000), { kind: 'off' });
  });

  it('is snoozed until the end of a snooze, and on from then on', () => {
    assert.deepEqual(gateState(preferences, 'typescript', 2_000, 1_999), { kind: 'snoozed', untilMs: 2_000 });
    assert.deepEqual(gateState(preferences, 'typescript', 2_000, 2_000), { kind: 'on' });
  });

  it('is off in a disabled language', () => {
    assert.deepEqual(gateState(preferences, 'markdown', 0, 1_000), { kind: 'languageOff', languageId: 'markdown' });
    assert.deepEqual(gateState(preferences, undefined, 0, 1_000), { kind: 'on' });
  });

  it('changes for a language that is added to the list or removed from it', () => {
    assert.deepEqual(toggledLanguages(['python'], 'go'), ['go', 'python']);
    assert.deepEqual(toggledLanguages(['go', 'python'], 'go'), ['python']);
  });
});
