import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  chooseTarget,
  withLeadingComment,
  type Lines,
  type OutlineSymbol,
  type Range,
} from '../../../extension/actions/target.ts';

const SOURCE = `import { x } from './x';

/** Adds. */
export function add(a: number, b: number): number {
  const sum = a + b;

  return sum;
}

class Counter {
  count = 0;

  increment(): void {
    this.count += 1;
  }
}

console.log(add(1, 2));
console.log(new Counter());
`;

function linesOf(text: string): Lines {
  const lines = text.split('\n');
  return { lineCount: lines.length, lineText: (line) => lines[line] ?? '' };
}
function textIn(text: string, { start, end }: Range): string {
  const lines = text.split('\n').slice(start.line, end.line + 1);
  lines[lines.length - 1] = (lines.at(-1) ?? '').slice(0, end.character);
  lines[0] = (lines[0] ?? '').slice(start.character);
  return lines.join('\n');
}
const range = (startLine: number, startCharacter: number, endLine: number, endCharacter: number): Range => ({
  start: { line: startLine, character: startCharacter },
  end: { line: endLine, character: endCharacter },
});
const cursor = (line: number, character: number): Range => range(line, character, line, character);

const FUNCTION = 11;
const CLASS = 4;
const METHOD = 5;
const FIELD = 7;
const OUTLINE: OutlineSymbol[] = [
  { kind: FUNCTION, range: range(3, 0, 7, 1), children: [{ kind: 12, range: range(4, 8, 4, 19), children: [] }] },
  {
    kind: CLASS,
    range: range(9, 0, 15, 1),
    children: [
      { kind: FIELD, range: range(10, 2, 10, 12), children: [] },
      { kind: METHOD, range: range(12, 2, 14, 3), children: [] },
    ],
  },
];

function chosen(selection: Range, outline = OUTLINE, source = SOURCE): string | undefined {
  const target = chooseTarget(selection, outline, linesOf(source));
  return target && textIn(source, target.range);
}

describe('chooseTarget', () => {
  it('returns the selection', () => {
    assert.equal(chosen(range(4, 14, 4, 19)), 'a + b');
  });

  it("drops the blank ends of a selection and includes its first line's indentation", () => {
    assert.equal(chosen(range(11, 0, 15, 0)), '  increment(): void {\n    this.count += 1;\n  }');
    assert.equal(chosen(range(13, 4, 13, 20)), '    this.count += 1;');
  });

  it('returns the function around the cursor, not a one-line variable in it', () => {
    assert.equal(chosen(cursor(4, 10)), SOURCE.split('\n').slice(3, 8).join('\n'));
    assert.equal(chosen(cursor(5, 0))?.startsWith('export function add'), true, 'on a blank line inside the function');
  });

  it('returns the method of a class, with its indentation', () => {
    assert.equal(chosen(cursor(13, 6)), '  increment(): void {\n    this.count += 1;\n  }');
  });

  it('returns the class if there is no method', () => {
    assert.equal(chosen(cursor(10, 3))?.startsWith('class Counter {'), true);
  });

  it('returns a variable that holds a function over several lines', () => {
    const source = 'const twice = (n: number) => {\n  return 2 * n;\n};';
    const outline: OutlineSymbol[] = [{ kind: 13, range: range(0, 0, 2, 2), children: [] }];
    assert.equal(chosen(cursor(1, 4), outline, source), source);
  });

  it('returns the block of lines at the cursor if there is no declaration', () => {
    assert.equal(chosen(cursor(17, 0)), 'console.log(add(1, 2));\nconsole.log(new Counter());');
    assert.equal(
      chosen(cursor(17, 0), []),
      'console.log(add(1, 2));\nconsole.log(new Counter());',
      'without an outline',
    );
  });

  it('limits the lines of an endless block', () => {
    const source = Array.from({ length: 5000 }, (_, index) => `x${index}`).join('\n');
    const target = chooseTarget(cursor(2500, 0), [], linesOf(source));
    assert.ok(target);
    assert.ok(target.range.start.line > 2400 && target.range.end.line < 2600);
  });

  it('returns nothing on a blank line between declarations or for a blank selection', () => {
    assert.equal(chosen(cursor(8, 0)), undefined);
    assert.equal(chosen(range(8, 0, 9, 0)), undefined);
    assert.equal(chooseTarget(cursor(0, 0), [], linesOf('')), undefined);
  });
});

describe('withLeadingComment', () => {
  it('includes the comment above a declaration', () => {
    const found = withLeadingComment(range(3, 0, 7, 1), linesOf(SOURCE), 'typescript');
    assert.equal(textIn(SOURCE, found).startsWith('/** Adds. */\nexport function add'), true);
  });

  it('leaves a preprocessor line of C, and includes a comment of Python', () => {
    const source = '#include <stdio.h>\nint main(void);';
    assert.equal(withLeadingComment(range(1, 0, 1, 15), linesOf(source), 'c').start.line, 1);
    assert.equal(withLeadingComment(range(1, 0, 1, 15), linesOf('# adds\ndef add(): ...'), 'python').start.line, 0);
  });

  it('does not search beyond a blank line', () => {
    assert.equal(withLeadingComment(range(2, 0, 2, 9), linesOf('// licence\n\nconst a=1'), 'typescript').start.line, 2);
  });
});
