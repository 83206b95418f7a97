import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const followed = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'signature' })).after;

const ENUM = 'enum Color {\n  Red,\n«  Green,\n|»  Blue,\n}\n';

describe('a removed case of an enum', () => {
  it('is removed from switches and tables', async () => {
    const after = await followed({
      'a.ts': `${ENUM}switch (c) {\n  case Color.Red:\n    return 1;\n  case Color.Green:\n    return 2;\n}\nconst names = {\n  [Color.Red]: 'red',\n  [Color.Green]: 'green',\n};\n`,
    });
    const rest = "switch (c) {\n  case Color.Red:\n    return 1;\n}\nconst names = {\n  [Color.Red]: 'red',\n};\n";
    assert.equal(after['a.ts'], `enum Color {\n  Red,\n  Blue,\n}\n${rest}`);
  });

  it('is removed from switches of Java', async () => {
    const after = await followed({
      'Color.java': 'enum Color {\n  RED,\n«  GREEN,\n|»  BLUE\n}\n',
      'A.java':
        'class A { int f(Color c) {\n  switch (c) {\n    case RED:\n      return 1;\n    case GREEN:\n      return 2;\n  }\n} }\n',
    });
    assert.deepEqual(after, {
      'A.java': 'class A { int f(Color c) {\n  switch (c) {\n    case RED:\n      return 1;\n  }\n} }\n',
    });
  });

  it('leaves its statements to a case without any before it', async () => {
    const after = await followed({
      'a.ts': `${ENUM}switch (c) {\n  case Color.Red:\n  case Color.Green:\n    return 2;\n  case Color.Blue:\n    return 3;\n}\n`,
    });
    const rest = 'switch (c) {\n  case Color.Red:\n    return 2;\n  case Color.Blue:\n    return 3;\n}\n';
    assert.equal(after['a.ts'], `enum Color {\n  Red,\n  Blue,\n}\n${rest}`);
  });

  it('stays where the code runs on into the next case, and where another enum has it', async () => {
    for (const rest of [
      'switch (c) {\n  case Color.Green:\n    go();\n  case Color.Red:\n    return 2;\n}\n',
      'switch (c) {\n  case Color.Red:\n    go();\n  // It goes on.\n  case Color.Green:\n    return 2;\n}\n',
      'switch (c) {\n  case Color.Red:\n  case Color.Green: return 2;\n}\n',
      'switch (c) {\n  case Other.Green:\n    return 2;\n}\n',
      'if (c === Color.Green) go();\n',
    ])
      assert.deepEqual(await followed({ 'a.ts': ENUM + rest }), {}, rest);
  });
});
