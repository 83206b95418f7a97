import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { homeFolder } from '../../../sidecar/client/home.ts';

describe('the per-user folder', () => {
  it('never depends on the working folder', () => {
    for (const value of ['', 'x', './state']) {
      assert.ok(path.isAbsolute(homeFolder({ XDG_STATE_HOME: value, LOCALAPPDATA: value })), `XDG_STATE_HOME=${JSON.stringify(value)}`);
    }
  });
});
