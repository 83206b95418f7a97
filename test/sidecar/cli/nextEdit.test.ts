import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ExitCodes } from '../../../sidecar/cli/exitCodes.ts';
import { CommandLines } from './commandLines.ts';

const TEXT = 'const total = 1;\nuse(total, "€𝒙");\nuse(total);\n';
const log = (relativePath: string): object => ({
  log: [
    { kind: 'documentEncountered', id: 0, relativePath, time: 1 },
    { kind: 'setContent', id: 0, content: TEXT, time: 1 },
    { kind: 'changed', id: 0, time: 2, edit: [[6, 11, 'sum']] },
  ],
});

describe('chorus next-edit', () => {
  let folder = '';
  let commandLines: CommandLines;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-next-edit-'));
    commandLines = new CommandLines(() => ({ CHORUS_HOME: folder }));
  });
  after(async () => {
    await commandLines[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** Runs the command on a log. */
  const run = async (content: unknown, ...options: readonly string[]) => {
    const file = path.join(folder, 'log.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return commandLines.run(['next-edit', file, ...options]);
  };

  it('gives the suggestions in UTF-16 units of the text after the log', async () => {
    const { stdout, exitCode } = await run(log('a.ts'), '--json');
    assert.equal(exitCode, ExitCodes.ok);
    const { suggestions, milliseconds, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(rest, {});
    assert.equal(typeof milliseconds, 'number');
    const edits = [
      [19, 24, 'sum'],
      [38, 43, 'sum'],
    ];
    assert.deepEqual(suggestions, [{ path: 'a.ts', kind: 'rename', confidence: 0.95, edits }]);
  });

  it('says where each change belongs', async () => {
    const { stdout } = await run(log('a.ts'));
    assert.deepEqual(stdout.split('\n'), ['a.ts:2:5 rename: "total" → "sum"', 'a.ts:3:5 rename: "total" → "sum"']);
  });

  it('suggests nothing in a secret file', async () => {
    const { stdout } = await run(log('.env'), '--json');
    assert.deepEqual((JSON.parse(stdout) as { suggestions: unknown }).suggestions, []);
  });

  for (const [title, content] of [
    ['a text that is no JSON', 'log'],
    ['a log without documents', { log: [{ kind: 'changed', id: 0, time: 1, edit: [[0, 0, 'a']] }] }],
    ['an edit without an end', { log: [{ kind: 'changed', id: 0, time: 1, edit: [[0, 'a']] }] }],
  ] as const)
    it(`refuses ${title}`, async () => {
      const { stdout, exitCode } = await run(content, '--json');
      assert.equal(exitCode, ExitCodes.usage);
      assert.match(
        (JSON.parse(stdout) as { error: { message: string } }).error.message,
        /log\.json is no log of edits: /,
      );
    });
});
