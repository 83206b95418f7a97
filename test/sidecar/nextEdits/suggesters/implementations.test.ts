import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const followed = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'signature' })).after;

describe('a changed parameter of a method', () => {
  it('is suggested for the methods that implement it', async () => {
    const after = await followed({
      'shape.ts': 'export interface Shape {\n  draw(width: number«|, color: string»): void;\n}\n',
      'circle.ts': 'class Circle implements Shape {\n  draw(width: number): void {}\n}\n',
      'other.ts': 'class Other {\n  draw(width: number): void {}\n}\n',
    });
    assert.deepEqual(after, {
      'circle.ts': 'class Circle implements Shape {\n  draw(width: number, color: string): void {}\n}\n',
    });
  });

  it('is suggested for the interface, and for overriding methods', async () => {
    const after = await followed({
      'a.ts':
        'interface Shape { draw(a: number, b: string): void }\nclass Circle implements Shape { draw(«a: number, |»b: string): void {} }\nclass Ring extends Circle { draw(a: number, b: string): void {} }\n',
    });
    assert.equal(
      after['a.ts'],
      'interface Shape { draw(b: string): void }\nclass Circle implements Shape { draw(b: string): void {} }\nclass Ring extends Circle { draw(b: string): void {} }\n',
    );
  });

  it('is suggested without self in Python', async () => {
    const after = await followed({
      'a.py':
        'class Shape:\n    def draw(self«|, width»):\n        pass\n\nclass Circle(Shape):\n    def draw(self):\n        pass\n',
    });
    assert.match(after['a.py'] ?? '', /class Circle\(Shape\):\n {4}def draw\(self, width\):/);
  });

  it('is not suggested where the method has other parameters', async () => {
    const after = await followed({
      'a.ts':
        'interface Shape { draw(a: number«|, b: string»): void }\nclass Circle implements Shape { draw(a: number, extra: number): void {} }\n',
    });
    assert.deepEqual(after, {});
  });

  it('is not suggested where the body uses a removed parameter', async () => {
    const lost = 'interface I {\n  run(a: number«, id: string|»): void;\n}\n';
    const using = 'class A implements I {\n  run(a: number, id: string): void { use(id); }\n}\n';
    const { after } = await edited(
      { 'a.ts': `${lost}${using}class B implements I {\n  run(a: number, id: string): void {}\n}\n` },
      { kind: 'signature' },
    );
    const rest = 'class B implements I {\n  run(a: number): void {}\n}\n';
    assert.deepEqual(after, { 'a.ts': `interface I {\n  run(a: number): void;\n}\n${using}${rest}` });
  });

  it('is not suggested for a private method, or where the class has the new parameters already', async () => {
    for (const files of [
      {
        'A.java': 'class A { void f(int a) {} }\nclass B extends A { private void f(int a«|, int b») {} }\n',
      },
      {
        'A.java':
          'class A { void f(int a) {} void f(int a, int b) {} }\nclass B extends A { void f(int a«|, int b») {} }\n',
      },
    ])
      assert.deepEqual(await followed(files), {});
  });
});
