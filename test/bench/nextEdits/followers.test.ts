import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { followerKind } from './followers.ts';

const kindOf = (first: readonly [string, string], other: readonly [string, string], languageId = 'typescript') =>
  followerKind(
    { removed: first[0], inserted: first[1] },
    { removed: other[0], inserted: other[1] },
    { isSameFile: true, languageId },
  );

describe('a change of a commit follows from another', () => {
  const head: readonly [string, string] = ['function f(a: number) {\n', 'function f(a: number, b: number) {\n'];

  it('if the arguments of a call change, and its function got another parameter', () => {
    assert.equal(kindOf(head, ['  f(1);\n', '  f(1, 2);\n']), 'signature');
    assert.equal(kindOf(['  f(a: number): void {\n', '  f(): void {\n'], ['  x.f(1);\n', '  x.f();\n']), 'signature');
  });

  it('but not if only the types of the parameters change, or another head does', () => {
    assert.equal(kindOf(['def f(a):\n', 'def f(a) -> None:\n'], ['f(1)\n', 'f(2)\n'], 'python'), undefined);
    assert.equal(kindOf(['def f(a):\n', 'def f(a, b):\n'], ['  def f(a):\n', '  def f(c):\n'], 'python'), undefined);
  });

  it('but not if the call keeps its arguments', () => {
    assert.equal(kindOf(head, ['  const x = f(1);\n', '  const y = f(1);\n']), undefined);
  });

  it('if it replaces the old name of a declaration', () => {
    assert.equal(kindOf(['const one = 1;\n', 'const two = 1;\n'], ['go(one);\n', 'go(two);\n']), 'rename');
    assert.equal(kindOf(['readonly a: One;\n', 'readonly a: Two;\n'], ['let b: One;\n', 'let b: Two;\n']), undefined);
    assert.equal(kindOf(['readonly one: X;\n', 'readonly two: X;\n'], ['x.one;\n', 'x.two;\n']), 'rename');
    assert.equal(
      kindOf(['readonly a: readonly One[];\n', 'readonly a: readonly Two[];\n'], ['f(One)\n', 'f(Two)\n']),
      undefined,
    );
  });

  it('if it imports a name that the other uses', () => {
    assert.equal(kindOf(['\n', 'path.join();\n'], ['\n', "import path from 'node:path';\n"]), 'import');
  });
});
