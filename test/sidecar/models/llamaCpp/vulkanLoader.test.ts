import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { isLoadable } from '../../../../sidecar/models/llamaCpp/vulkanLoader.ts';

const SYSTEM_LIBRARIES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'libc.so.6',
  darwin: 'libSystem.B.dylib',
  win32: 'kernel32.dll',
};

describe('a shared library', () => {
  it('that every machine has can be loaded', () => {
    assert.equal(isLoadable(SYSTEM_LIBRARIES[process.platform] ?? ''), true);
  });

  it('that no machine has can not be loaded', () => {
    assert.equal(isLoadable('libchorus-missing.so.1'), false);
  });
});
