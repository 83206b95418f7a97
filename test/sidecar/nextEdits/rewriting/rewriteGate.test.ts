import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSure, LEAST_SURE, refusalOf } from '../../../../sidecar/nextEdits/rewriting/rewriteGate.ts';

const SURE = { leadNats: 10, gainNats: 10, worstNats: 0 };
const EDIT = { start: 0, end: 0, before: '  read(path: Text): Text {', after: '  read(path: FilePath): Text {' };
const PRESENT = '  write(path: Text): void {';
const refusal = (text: string, { present = PRESENT, sureness = SURE } = {}): string | undefined =>
  refusalOf({ present, text, sureness }, EDIT);

describe('the gate for lines that a model writes', () => {
  it('shows a line that changes as the edit did', () => {
    assert.equal(refusal('  write(path: FilePath): void {'), undefined);
  });

  for (const [why, text] of [
    ['same', '  write(path: Text): void { '],
    ['copy', '  read(path: FilePath): Text {'],
    ['deletion', '  write(path): void {'],
    ['long', `  write(path: FilePath): void {${' FilePath,'.repeat(20)}`],
    ['long', '  write(path: FilePath): void {\n'],
    ['unlike', '  FilePath'],
    ['unlike', 'write(path: FilePath): void {'],
    ['strange', '  write(path: Folder): void {'],
    ['unrelated', '  write(path: Text): void {}'],
  ] as const)
    it(`refuses ${JSON.stringify(text.slice(0, 40))} as ${why}`, () => {
      assert.equal(refusal(text), why);
    });

  it('refuses a line that takes a part of the edit back', () => {
    const edit = { ...EDIT, before: 'read(text)', after: 'read(path, name)' };
    const written = { present: 'write(path, data)', text: 'write(name, data)', sureness: SURE };
    assert.equal(refusalOf(written, edit), 'reversal');
    assert.equal(refusalOf({ ...written, text: 'write(path, data, name)' }, edit), undefined);
  });

  for (const [what, less] of [
    ['leads by too little', { leadNats: LEAST_SURE.leadNats - 0.01 }],
    ['gains too little', { gainNats: LEAST_SURE.gainNats - 0.01 }],
    ['has an unlikely token', { worstNats: LEAST_SURE.worstNats + 0.01 }],
  ] as const)
    it(`refuses a line that ${what}`, () => {
      const sureness = { ...SURE, ...less };
      assert.equal(isSure(sureness), false);
      assert.equal(refusal('  write(path: FilePath): void {', { sureness }), 'unsure');
    });
});
