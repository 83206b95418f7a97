import assert from 'node:assert/strict';
import { it } from 'node:test';
import { architectures } from '../../../../sidecar/models/architectures/architectures.ts';
import { CHORUS_ARCHITECTURES } from '../../../../sidecar/models/architectures/names.ts';

it('the names of the architectures are those of the architectures', () => {
  assert.deepEqual([...CHORUS_ARCHITECTURES].sort(), [...architectures.keys()].sort());
});
