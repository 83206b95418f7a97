import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testedStem, testness, twinNearness } from '../../../sidecar/workspaceIndex/testFiles.ts';

const cases: readonly (readonly [path: string, testness: 0 | 1 | 2, tested: string])[] = [
  ['src/cart.ts', 0, 'cart'],
  ['src/cart.test.ts', 2, 'cart'],
  ['src/cart.e2e-spec.ts', 2, 'cart'],
  ['src/users.service.ts', 0, 'users.service'],
  ['src/users.service.spec.ts', 2, 'users.service'],
  ['src/users.service.e2e-spec.ts', 2, 'users.service'],
  ['src/users.service_test.ts', 2, 'users.service'],
  ['src/cart.test.node.ts', 2, 'cart'],
  ['test/cart.ts', 1, 'cart'],
  ['src/__tests__/Cart.jsx', 1, 'cart'],
  ['shop/test_models.py', 2, 'models'],
  ['shop/cart_test.go', 2, 'cart'],
  ['base/cart_unittest.cc', 2, 'cart'],
  ['spec/cart_spec.rb', 2, 'cart'],
  ['src/test/java/com/shop/CartTest.java', 2, 'cart'],
  ['CartTests/TestCart.swift', 2, 'cart'],
  ['src/latest.ts', 0, 'latest'],
  ['src/contest/Contest.java', 0, 'contest'],
  ['attest/greatest.py', 0, 'greatest'],
];

describe('testness and testedStem', () => {
  for (const [path, expected, tested] of cases) {
    it(`${path} ${['is no test', 'is a test by its folder', 'is a test by its name'][expected]}, stem "${tested}"`, () => {
      assert.deepEqual([testness(path), testedStem(path)], [expected, tested]);
    });
  }
});

describe('twinNearness', () => {
  const nearer: readonly (readonly [path: string, near: string, far: string])[] = [
    ['shop/models.py', 'shop/tests/test_models.py', 'blog/tests/test_models.py'],
    ['src/shop/models.py', 'tests/shop/test_models.py', 'tests/blog/test_models.py'],
    ['packages/a/src/index.ts', 'packages/a/test/index.test.ts', 'packages/b/test/index.test.ts'],
    [
      'src/main/java/com/shop/Cart.java',
      'src/test/java/com/shop/CartTest.java',
      'src/test/java/com/blog/CartTest.java',
    ],
  ];
  for (const [path, near, far] of nearer) {
    it(`prefers ${near} to ${far} for ${path}`, () => assert.ok(twinNearness(near, path) > twinNearness(far, path)));
  }
});
