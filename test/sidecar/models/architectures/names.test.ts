import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { architectures } from '../../../../sidecar/models/architectures/architectures.ts';
import { CHORUS_ARCHITECTURES } from '../../../../sidecar/models/architectures/names.ts';

it('CHORUS_ARCHITECTURES lists the keys of architectures', () => {
  assert.deepEqual([...CHORUS_ARCHITECTURES].sort(), [...architectures.keys()].sort());
});

it('docs/models.md names each architecture', () => {
  const table = readFileSync(new URL('../../../../docs/models.md', import.meta.url), 'utf8');
  const [, ...named] = [...table.matchAll(/^\|[^|]+\| (`[^|]+`) \|$/gm)].flatMap(([, cell = '']) =>
    cell.replaceAll('`', '').split(', '),
  );
  assert.deepEqual(named.sort(), [...CHORUS_ARCHITECTURES].sort());
});
