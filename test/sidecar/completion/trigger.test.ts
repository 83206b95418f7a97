import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worthCompleting } from '../../../sidecar/completion/trigger.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';
import { cursorAt } from './cursorAt.ts';

const cases: readonly (readonly [document: string, anyModel: boolean, fimModel: boolean])[] = [
  ['const a = ‸', true, true],
  ['foo(‸)', true, true],
  ['foo("‸");', true, true],
  ['if (‸) {', true, true],
  ['<h1>‸</h1>', true, true],
  ['<input value="‸" />', true, true],
  ['<my-list.item *ngIf="‸"></my-list.item>', true, true],
  ['/** ‸ */', true, true],
  ['a = { b: foo(‸) };', true, true],
  ['foo(‸, b)', false, true],
  ['<li>‸<b>a</b></li>', false, true],
  ['const ‸name = 1', false, false],
  ['const a = ‸ name', false, false],
  ['na‸me', false, false],
  ['‸', false, false],
  ['\n  ‸\nfoo', false, false],
  [`${'x'.repeat(5000)}‸`, false, false],
];

for (const [document, anyModel, fimModel] of cases) {
  test(`worthCompleting at ${JSON.stringify(document.slice(-30))}`, () => {
    assert.equal(worthCompleting(cursorAt(document), false), anyModel);
    assert.equal(worthCompleting(cursorAt(document), true), fimModel);
  });
}

test('worthCompleting on a long line of prose', () => {
  const document = `${'A paragraph that the editor wraps. '.repeat(100)}It ‸`;
  assert.equal(worthCompleting(cursorAt(document, 'markdown'), false), true);
  assert.equal(worthCompleting(cursorAt(document, 'typescript'), false), false);
});

test('worthCompleting on a long line of prose with white space, in one pass', () =>
  assertGrowsLinearly(50_000, (length) =>
    assert.equal(worthCompleting(cursorAt(`It ‸${' '.repeat(length)}is`, 'markdown'), false), false),
  ));
