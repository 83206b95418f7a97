import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const styleSheet = fileURLToPath(new URL('../../../media/chat/chat.css', import.meta.url));
const COLOUR_PROPERTY =
  /(?:^|[;{\s])((?:[\w-]+-)?(?:color|background|fill|stroke)|border(?:-[\w-]+)?|outline|box-shadow)\s*:\s*([^;]+);/g;
/** The values allowed besides a theme's colour: no colour, the system's forced colours, lengths, line styles. */
const NEUTRAL =
  /^(?:none|transparent|inherit|currentColor|ButtonText|solid|dashed|round|inset|[\d.]+(?:px|em|%)?|var\(--[\w-]+\))$/;

describe("the chat panel's colours", () => {
  it('all come from the theme', async () => {
    const css = (await readFile(styleSheet, 'utf8')).replace(/\/\*[^]*?\*\//g, '');
    const values = [...css.matchAll(COLOUR_PROPERTY)].map(([, property, value]) => ({ property, value: value ?? '' }));
    assert.ok(values.length > 30, `${values.length} found`);
    const own = values.filter(
      ({ property, value }) =>
        !/radius|width|collapse|offset/.test(property ?? '') &&
        !flattened(value)
          .split(/\s+/)
          .every((part) => NEUTRAL.test(part)),
    );
    assert.deepEqual(own, []);
  });
});

/**
 * Returns the parts of a variable with fallbacks: `var(--a, var(--b, transparent))` gives `var(--a) var(--b)
 * transparent`.
 */
function flattened(value: string): string {
  const parts = value.replace(/var\((--[\w-]+)\s*,/g, 'var($1) ').replace(/\)+/g, ')');
  return parts.replace(/(^|\s)([\w-]+)\)/g, '$1$2').trim();
}
