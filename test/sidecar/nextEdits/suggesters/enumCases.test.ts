import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const followed = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'signature' })).after;

const ENUM = "enum Color {\n  Red = 'red',\n  DarkGreen = 'dark_green',\n«|  LightBlue = 'light_blue',\n»}\n";

describe('a new case of an enum is suggested', () => {
  const cases: readonly (readonly [title: string, file: string, rest: string, after: string])[] = [
    [
      'in a switch',
      'a.ts',
      'switch (c) {\n  case Color.Red:\n    return red();\n  case Color.DarkGreen:\n    return darkGreen();\n  default:\n}\n',
      'switch (c) {\n  case Color.Red:\n    return red();\n  case Color.DarkGreen:\n    return darkGreen();\n  case Color.LightBlue:\n    return lightBlue();\n  default:\n}\n',
    ],
    [
      'in a table',
      'a.ts',
      "const names = {\n  [Color.Red]: 'Red',\n  [Color.DarkGreen]: 'DarkGreen',\n};\n",
      "const names = {\n  [Color.Red]: 'Red',\n  [Color.DarkGreen]: 'DarkGreen',\n  [Color.LightBlue]: 'LightBlue',\n};\n",
    ],
  ];
  for (const [title, file, rest, after] of cases)
    it(title, async () => {
      const found = (await followed({ [file]: ENUM + rest }))[file] ?? '';
      assert.equal(found.slice(found.indexOf('}\n') + 2), after);
    });

  it('in another file', async () => {
    const after = await followed({
      'a.ts': ENUM,
      'b.ts': "f(Color.Red, 'red');\nf(Color.DarkGreen, 'dark_green');\nend();\n",
    });
    assert.deepEqual(after, {
      'b.ts': "f(Color.Red, 'red');\nf(Color.DarkGreen, 'dark_green');\nf(Color.LightBlue, 'light_blue');\nend();\n",
    });
  });

  it('but not where the cases have code of their own, the same code, or the new one already', async () => {
    for (const rest of [
      'switch (c) {\n  case Color.Red:\n    return 1;\n  case Color.DarkGreen:\n    return 2;\n}\n',
      'switch (c) {\n  case Color.Red:\n    return true;\n  case Color.DarkGreen:\n    return true;\n}\n',
      "x = { [Color.Red]: 'red', [Color.DarkGreen]: 'dark_green', [Color.LightBlue]: 'pale' };\n",
      "x = { [Other.Red]: 'red', [Other.DarkGreen]: 'dark_green' };\n",
    ])
      assert.deepEqual(await followed({ 'a.ts': ENUM + rest }), {}, rest);
  });
});
