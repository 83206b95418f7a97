import type { OffsetChange } from '../../../../extension/edits/trackedRange.ts';
import { EndOfLine, fake, Position, Range, type Uri } from './vscode.ts';

/** A document of the fake window. It reports changes as VS Code does. */
export class FakeDocument {
  readonly eol = EndOfLine.LF;
  readonly languageId = 'plaintext';
  isClosed = false;
  version = 1;

  constructor(
    readonly uri: Uri,
    public text: string,
  ) {}

  getText(range?: Range): string {
    return range ? this.text.slice(this.offsetAt(range.start), this.offsetAt(range.end)) : this.text;
  }

  validateRange(range: Range): Range {
    return range;
  }

  get lineCount(): number {
    return this.text.split('\n').length;
  }

  lineAt(line: number): { readonly text: string; readonly range: Range } {
    const text = this.text.split('\n')[line] as string;
    return { text, range: new Range(new Position(line, 0), new Position(line, text.length)) };
  }

  offsetAt({ line, character }: Position): number {
    const before = this.text.split('\n').slice(0, line);
    return before.reduce((sum, { length }) => sum + length + 1, 0) + character;
  }

  positionAt(offset: number): Position {
    const lines = this.text.slice(0, offset).split('\n');
    return new Position(lines.length - 1, (lines.at(-1) as string).length);
  }

  change(rangeOffset: number, rangeLength: number, text: string): void {
    this.text = this.text.slice(0, rangeOffset) + text + this.text.slice(rangeOffset + rangeLength);
    this.version++;
    const contentChanges: readonly OffsetChange[] = [{ rangeOffset, rangeLength, text }];
    fake.textChanged.fire({ document: this, contentChanges });
  }
}
