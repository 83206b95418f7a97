import { describe, it } from 'node:test';
import { chooseExtent } from '../../../sidecar/completion/multiline.ts';
import { SuffixMemory } from '../../../sidecar/completion/prompt/suffixMemory.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';
import { cursorAt } from './cursorAt.ts';

const UNITS = 64 * 1024;
const settings = {};

/** Lines on which a pattern with two stretches of blanks would try every split of them. */
const lines: Readonly<Record<string, (units: number) => string>> = {
  'blanks behind the cursor': (units) => `f(‸${' '.repeat(units)}a`,
  'blanks behind an arrow': (units) => `) ->${' '.repeat(units)}a‸`,
};

describe('a line of extreme length', () => {
  for (const [what, document] of Object.entries(lines)) {
    it(`is read once: ${what}`, () =>
      assertGrowsLinearly(UNITS, (units) => chooseExtent(cursorAt(document(units), 'python'), settings)));
  }

  it('is read once behind a cursor that moved past it', () =>
    assertGrowsLinearly(UNITS, (units) => {
      const memory = new SuffixMemory();
      const place = { clientKey: 'client', uri: 'file:///a.py', maxTokens: 512 };
      const rest = 'b = 1\n'.repeat(2 * units);
      memory.hold(place, { prefix: '', suffix: `${' '.repeat(units)}a\n${rest}` });
      memory.hold(place, { prefix: 'a', suffix: rest });
    }));
});
