import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { learntLines } from '../../../extension/learning/whatWasLearnt.ts';
import { useLanguage } from '../../../l10n/currentLanguage.ts';
import { REFUSALS, type Refusal } from '../../../sidecar/protocol/learning.ts';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../l10n');

/** The lines about an expert that is not used. */
const linesOf = (expert: { readonly reason?: string; readonly refusal?: Refusal }): readonly string[] =>
  learntLines({
    expert: {
      files: 3,
      trainedTokens: 1_000,
      heldOut: { lines: 10, linesBefore: 2, linesAfter: 2, natsBefore: 1, natsAfter: 1 },
      general: { natsBefore: 1, natsAfter: 1 },
      adopted: false,
      bytes: 1_000,
      fitsModel: true,
      ...expert,
    },
    isUnfinished: false,
  });

describe('What was learnt', () => {
  afterEach(() => useLanguage(folder, 'en'));

  it('tells in the language of the interface why an expert is not used', () => {
    useLanguage(folder, 'de');
    const said = REFUSALS.map((refusal) => linesOf({ refusal, reason: 'English with figures.' }).join('\n'));
    assert.ok(said.every((lines) => !lines.includes('English')));
    assert.match(said[0] as string, /nutzen den Experten nicht: Der Ordner hat zu wenige Dateien/);
    assert.equal(new Set(said).size, REFUSALS.length);
  });

  it('shows the reason of an older record as it is', () => {
    assert.match(linesOf({ reason: 'Held-out code is likelier.' }).join('\n'), /expert: Held-out code is likelier\./);
  });
});
