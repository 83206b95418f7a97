import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPrivate } from '../../../sidecar/common/isPrivate.ts';

describe('isPrivate', { skip: process.platform === 'win32' }, () => {
  const uid = process.getuid?.() as number;

  for (const mode of [0o100600, 0o100400, 0o40700])
    it(`accepts this user’s file of mode ${mode.toString(8)}`, () => assert.ok(isPrivate({ uid, mode })));

  for (const mode of [0o100640, 0o100620, 0o100610, 0o100604, 0o100602, 0o100601])
    it(`refuses a file of mode ${mode.toString(8)}, which others may use`, () => assert.ok(!isPrivate({ uid, mode })));

  it('refuses the file of another user', () => assert.ok(!isPrivate({ uid: uid + 1, mode: 0o100600 })));
});
