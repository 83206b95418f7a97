import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { ResponseError } from 'vscode-jsonrpc/node';
import { parsePlace, positionIn } from '../../../sidecar/cli/commands/complete.ts';
import { ExitCodes, OutOfTimeError, UsageError } from '../../../sidecar/cli/exitCodes.ts';
import { describeFailure } from '../../../sidecar/cli/failure.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import { decimal, integer, settingsOf } from '../../../sidecar/cli/options.ts';
import { formatBytes } from '../../../sidecar/cli/output.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { TROUBLE_ERROR_CODE } from '../../../sidecar/protocol/client.ts';

describe('FILE:LINE:COL', () => {
  it('counts from 1, and allows colons in the file name', () => {
    assert.deepEqual(parsePlace('/a b/é.ts:3:14'), { file: path.resolve('/a b/é.ts'), line: 3, column: 14 });
    assert.deepEqual(parsePlace('/odd:7/x.ts:1:1'), { file: path.resolve('/odd:7/x.ts'), line: 1, column: 1 });
  });

  for (const wrong of ['main.ts', 'main.ts:3', 'main.ts:0:1', 'main.ts:1:0', 'main.ts:-1:2', ':1:2', 'main.ts:a:b']) {
    it(`refuses ${wrong} with an example`, () => {
      assert.throws(
        () => parsePlace(wrong),
        (error) => error instanceof UsageError && error.message.includes('src/main.ts:12:5'),
      );
    });
  }

  it('is a place between two UTF-16 units of the text, up to the end of the line', () => {
    const text = 'a\r\n\t𝒙y\n';
    assert.deepEqual(positionIn(text, { file: 'f', line: 2, column: 4 }), { line: 1, character: 3 });
    assert.deepEqual(positionIn(text, { file: 'f', line: 2, column: 5 }), { line: 1, character: 4 });
    assert.deepEqual(positionIn(text, { file: 'f', line: 3, column: 1 }), { line: 2, character: 0 });
    assert.throws(() => positionIn(text, { file: 'f', line: 2, column: 6 }), /ends at column 5/);
    assert.throws(() => positionIn(text, { file: 'f', line: 4, column: 1 }), /has 3 lines/);
  });
});

describe('command line options', () => {
  it('leave the shared sidecar unchanged if they choose nothing', () => {
    assert.equal(settingsOf({ json: true }), undefined);
  });

  it('become settings if they choose a model, an engine, a device or threads', () => {
    assert.equal(settingsOf({ json: false, model: 'x.gguf' })?.modelPath, path.resolve('x.gguf'));
    assert.equal(settingsOf({ json: false, engine: 'llama' })?.engine, 'llama');
    assert.equal(settingsOf({ json: false, device: 'cpu' })?.device, 'cpu');
    assert.equal(settingsOf({ json: false, threads: 1 })?.threads, 1);
    assert.equal(settingsOf({ json: false, contextSize: 512 })?.contextSizeTokens, 512);
  });

  it('with numbers name the expected range', () => {
    assert.equal(integer('8', 1, 8), 8);
    for (const wrong of ['0', '9', '1.5', '1e1', '', 'x', '-1'])
      assert.throws(() => integer(wrong, 1, 8), /from 1 to 8/);
    assert.equal(decimal('0.7', 0, 5), 0.7);
    for (const wrong of ['', ' ', 'NaN', '-0.1', '5.1', 'Infinity'])
      assert.throws(() => decimal(wrong, 0, 5), /from 0 to 5/);
  });
});

describe('a failure', () => {
  it('of the model keeps its code, its message and the last lines of a crash', () => {
    const failure = describeFailure(new TroubleError('engine-crashed', 'The engine died.', { detail: 'GGML_ASSERT' }));
    assert.deepEqual(failure, {
      code: 'engine-crashed',
      message: 'The engine died.',
      detail: 'GGML_ASSERT',
      exitCode: ExitCodes.failed,
    });
  });

  it('of the sidecar is reported with its message', () => {
    const failure = describeFailure(
      new ResponseError(TROUBLE_ERROR_CODE, 'No such file.', { code: 'model-not-found', message: 'No such file.' }),
    );
    assert.deepEqual(failure, { code: 'model-not-found', message: 'No such file.', exitCode: ExitCodes.failed });
  });

  it('of the command line has its own exit code', () => {
    assert.equal(describeFailure(new UsageError('x')).exitCode, ExitCodes.usage);
  });

  it('by the time limit counts as a failure', () => {
    assert.deepEqual(describeFailure(new OutOfTimeError('Too late.')), {
      code: 'out-of-time',
      message: 'Too late.',
      exitCode: ExitCodes.failed,
    });
  });
});

describe('texts of the command line', () => {
  it('give sizes like file managers', () => {
    assert.deepEqual([0, 999, 1000, 98_362_432, 4_200_000_000, 2e15].map(formatBytes), [
      '0 B',
      '999 B',
      '1.0 kB',
      '98.4 MB',
      '4.2 GB',
      '2000.0 TB',
    ]);
    assert.equal(formatBytes(undefined), undefined);
  });

  it("derive an editor's language identifiers from file names", () => {
    assert.deepEqual(['a/Main.TS', 'x.py', 'Makefile', 'x.tsx', 'notes'].map(languageIdOf), [
      'typescript',
      'python',
      'makefile',
      'typescriptreact',
      'plaintext',
    ]);
  });
});
