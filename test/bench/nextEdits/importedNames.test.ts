import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isImported } from './importedNames.ts';

describe('an import of the bench is right', () => {
  const cases: readonly (readonly [title: string, added: string, wanted: string, isRight: boolean])[] = [
    ['at another place', "import { b } from './b';\n", "import { a, b } from './b';\n", true],
    ['not from another file', "import { b } from './b';\n", "import { b } from './c';\n", false],
    ['not as a value where a type is wanted', "import { b } from './b';\n", "import type { b } from './b';\n", false],
    ['as a type in braces', "import type { b } from './b';\n", "import { type b, c } from './b';\n", true],
    ['not if one of its names is not wanted', "import { b, c } from './b';\n", "import { b } from './b';\n", false],
    ['in brackets of Python', 'from b import b\n', 'from b import (\n    a,\n    b,\n)\n', true],
    ['not if it was there before', '', "import { x } from './x';\n", false],
  ];
  for (const [title, added, wanted, isRight] of cases)
    it(title, () => {
      assert.equal(isImported('use();\n', `${wanted}use();\n`, [0, 0, added]), isRight);
    });
});
