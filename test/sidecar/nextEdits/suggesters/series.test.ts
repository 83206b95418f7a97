import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const continued = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'series' })).after;

describe('a series of neighbours goes on', () => {
  const cases: readonly (readonly [title: string, file: string, marked: string, after: string])[] = [
    [
      'a class with one more dimension',
      'a.py',
      'class Vector«2|3»:\n    def __init__(self, x, y):\n        self.x = x\n        self.y = y\n',
      'class Vector3:\n    def __init__(self, x, y, z):\n        self.x = x\n        self.y = y\n        self.z = z\n',
    ],
    [
      'a struct with one more dimension',
      'a.rs',
      'struct Point«|3D» {\n    x: f64,\n    y: f64,\n}\n',
      'struct Point3D {\n    x: f64,\n    y: f64,\n    z: f64,\n}\n',
    ],
    [
      'an added parameter',
      'a.ts',
      'function area(x: number, y: number«|, z: number») {\n  return x * y;\n}\nconst f = (x, y) => x + y;',
      'function area(x: number, y: number, z: number) {\n  return x * y * z;\n}\nconst f = (x, y) => x + y;',
    ],
  ];
  for (const [title, file, marked, after] of cases)
    it(title, async () => {
      assert.deepEqual(await continued({ [file]: marked }), { [file]: after });
    });

  it('not for arguments that have nothing in common', async () => {
    assert.deepEqual(
      await continued({
        'a.ts': 'function f() {\n  show(context, session«|, learning»);\n  hide(context, session, 1);\n}\n',
      }),
      {},
    );
  });

  it('not if the third is there already, and not for other new names', async () => {
    assert.deepEqual(
      await continued({ 'a.ts': 'class P«|3D» { constructor(x: number, y: number, z: number) {} }' }),
      {},
    );
    assert.deepEqual(await continued({ 'a.ts': 'class P«|oint» { constructor(x: number, y: number) {} }' }), {});
  });
});
