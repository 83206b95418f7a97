import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatBytes, statusKind, type StatusInput } from '../../../extension/status/statusView.ts';

const ready: StatusInput = { gate: { kind: 'on' }, phase: 'running', status: { state: 'ready' }, hasFailed: false };

describe('the status bar item', () => {
  it("shows the sidecar's activity", () => {
    assert.equal(statusKind({ ...ready, phase: 'stopped', status: undefined }), 'idle');
    assert.equal(statusKind({ ...ready, phase: 'starting', status: undefined }), 'starting');
    assert.equal(statusKind({ ...ready, status: { state: 'loading', loadProgress: 0.5 } }), 'loading');
    assert.equal(statusKind(ready), 'ready');
    assert.equal(statusKind({ ...ready, status: { state: 'busy' } }), 'busy');
  });

  it('shows features that the user switched off before the activity', () => {
    assert.equal(statusKind({ ...ready, gate: { kind: 'off' } }), 'off');
    assert.equal(statusKind({ ...ready, gate: { kind: 'snoozed', untilMs: 1 }, status: { state: 'busy' } }), 'snoozed');
    assert.equal(statusKind({ ...ready, gate: { kind: 'languageOff', languageId: 'go' } }), 'languageOff');
  });

  it('shows trouble before everything else', () => {
    const trouble = { code: 'no-model', message: 'No model.' } as const;
    assert.equal(statusKind({ ...ready, gate: { kind: 'off' }, status: { state: 'trouble', trouble } }), 'trouble');
    assert.equal(statusKind({ ...ready, phase: 'stopped', status: undefined, hasFailed: true }), 'trouble');
    assert.equal(
      statusKind({
        ...ready,
        phase: 'stopped',
        status: undefined,
        hasFailed: true,
        gate: { kind: 'snoozed', untilMs: 1 },
      }),
      'trouble',
    );
  });

  it('formats sizes readably', () => {
    assert.equal(formatBytes(98_600_000), '99 MB');
    assert.equal(formatBytes(1_250_000_000), '1.3 GB');
  });
});
