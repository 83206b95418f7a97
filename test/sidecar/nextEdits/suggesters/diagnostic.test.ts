import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { QuickFix } from '../../../../sidecar/nextEdits/suggester.ts';
import { edited } from '../scenario.ts';

const MARKED = "import './a';\n\nuse(«|split»);\nuse(other);\n";
const FIX: QuickFix = {
  uri: 'a.ts',
  title: 'Add import from "./text"',
  start: 19,
  end: 24,
  edits: [[14, 14, "import { split } from './text';\n"]],
  isPreferred: true,
};

const kinds = async (...fixes: readonly QuickFix[]): Promise<readonly string[]> =>
  (await edited({ 'a.ts': MARKED }, { fixes })).suggestions.map(({ kind }) => kind);

describe('a quick fix is suggested', () => {
  it('for a problem at a name that the last edit brought', async () => {
    assert.deepEqual(await kinds(FIX), ['diagnostic']);
    assert.deepEqual(await kinds({ ...FIX, isPreferred: false }), ['diagnostic']);
  });

  it('but not for a problem elsewhere, or one of several', async () => {
    assert.deepEqual(await kinds({ ...FIX, start: 31, end: 36, isPreferred: false, title: 'Remove' }), []);
    assert.deepEqual(
      await kinds({ ...FIX, isPreferred: false }, { ...FIX, isPreferred: false, title: 'Add const' }),
      [],
    );
  });

  it('for a problem far away, if the fix is preferred and both lines have a name in common', async () => {
    const between = '// more\n'.repeat(50);
    const marked = `function now(): «number|Promise<number>» {\n}\n${between}show(now().toFixed());\nshow(other);\n`;
    const text = marked.replace('«number|Promise<number>»', 'Promise<number>');
    const fixAt = (word: string, isPreferred: boolean): QuickFix => {
      const start = text.indexOf(word);
      return {
        uri: 'a.ts',
        title: "Add 'await'",
        start,
        end: start + word.length,
        edits: [[start, start, 'x']],
        isPreferred,
      };
    };
    const found = async (fix: QuickFix): Promise<number> =>
      (await edited({ 'a.ts': marked }, { kind: 'diagnostic', fixes: [fix] })).suggestions.length;
    assert.equal(await found(fixAt('toFixed', true)), 1);
    assert.equal(await found(fixAt('toFixed', false)), 0);
    assert.equal(await found(fixAt('other', true)), 0);
  });
});
