import assert from 'node:assert/strict';
import { it } from 'node:test';
import { architectures } from '../../../../sidecar/models/architectures/architectures.ts';
import { CHORUS_ARCHITECTURES } from '../../../../sidecar/models/architectures/names.ts';

it('CHORUS_ARCHITECTURES lists the keys of architectures', () => {
  assert.deepEqual([...CHORUS_ARCHITECTURES].sort(), [...architectures.keys()].sort());
});
