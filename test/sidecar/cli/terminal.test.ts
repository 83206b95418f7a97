import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { formatTable, toJson } from '../../../sidecar/cli/output.ts';
import { ProgressBar } from '../../../sidecar/cli/progressBar.ts';
import { inOneLine, writeForeignText } from '../../../sidecar/cli/terminal.ts';

function written(text: string, isTTY: boolean): string {
  let whole = '';
  writeForeignText(
    {
      isTTY,
      write: (part: unknown) => {
        whole += String(part);
        return true;
      },
    },
    text,
  );
  return whole;
}

describe('foreign text', () => {
  const attack = 'before \u001b]52;c;cm0gLXJm\u0007\u001b]0;title\u0007\u001b[2J\u009b31m after\n\tindented';

  it('reaches a terminal without control characters', () => {
    assert.equal(written(attack, true), 'before ]52;c;cm0gLXJm]0;title[2J31m after\n\tindented');
  });

  it('reaches a pipe unchanged', () => {
    assert.equal(written(attack, false), attack);
  });
});

describe('a foreign name', () => {
  const name = 'model\n\u202eevil\u2066\t\u001b]52;c;cm0gLXJm\u0007\u009b2J\r.gguf';

  it('stays in its line, with its letters in order', () => {
    assert.equal(inOneLine('a\r\nb\u2028c\td\u202ee\u2066f'), 'a b c d e f');
    assert.equal(inOneLine('مرحبا שלום \u200f.'), 'مرحبا שלום \u200f.');
  });

  it('has no effect on a progress bar', () => {
    let drawn = '';
    const bar = new ProgressBar({
      isTTY: true,
      columns: 120,
      write: (part: unknown) => Boolean((drawn += String(part))),
    });
    bar.update(`Loading ${name}`, 0.5);
    const start = '\r\u001b[K';
    assert.ok(drawn.startsWith(start));
    assert.match(drawn.slice(start.length), /^\P{Cc}* 50 % {2}Loading model evil \]52;c;cm0gLXJm2J \.gguf$/u);
  });

  it('takes one row of a table', () =>
    assert.deepEqual(
      formatTable([
        ['model', 'size'],
        [inOneLine('a'), '1'],
        ['b\nc  9', '2'],
      ]),
      ['model   size', 'a          1', 'b c  9     2'],
    ));

  it('is printed as JSON without control characters, and parses to the same text', () => {
    const json = toJson({ name });
    assert.doesNotMatch(json, /\p{Cc}/u);
    assert.deepEqual(JSON.parse(json), { name });
  });
});

describe('the command line', () => {
  const folder = new URL('../../../sidecar/cli/', import.meta.url);
  /** The only texts that are written without a filter: Chorus's own texts and numbers. */
  const OWN = [
    /process\.stdout\.write\('',/,
    /process\.std(out|err)\.write\('[^']*'\)/,
    /process\.stdout\.write\(`\$\{toJson\(value\)\}\\n`\)/,
    /process\.std(out|err)\.write\([^,]*l10n\.t\('[^']*'\)\}\\n`(?: : `\$\{l10n\.t\('[^']*'\)\}\\n`)?\)/,
    /options\.timeout\} s ended the completion/,
    /process\.stderr\.write\(process\.stderr\.isTTY \? `\\r\\x1b\[K\$\{line\}`/,
  ];

  it('writes no foreign text without a filter', async () => {
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
    const raw = await Promise.all(
      files.map(async (file) =>
        (await readFile(new URL(file, folder), 'utf8'))
          .split('\n')
          .filter((line) => /process\.std(out|err)\.write\(|console\./.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      ),
    );
    assert.deepEqual(
      raw.flat().filter((line) => !OWN.some((own) => own.test(line))),
      [],
    );
  });
});
