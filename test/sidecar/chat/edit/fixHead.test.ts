import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChatService } from '../../../../sidecar/chat/chatService.ts';
import type { LoadedModel } from '../../../../sidecar/protocol/engine.ts';
import { ScriptedEngine } from '../../completion/scriptedEngine.ts';

const HEAD = 'function load(path: string): string {\n';
const TARGET = `${HEAD}  return await read(path);\n}\n`;
const ASYNC = 'async function load(path: string): Promise<string> {\n  return await read(path);\n}';
const OTHER = 'function main() {\n  load("a");\n}';
const BESIDE_HEAD = '  return readSync(path);\n}';

/**
 * What becomes of the target by a model that answers so where its first line is free, and goes on so where it is not.
 */
async function fixed(
  model: Partial<LoadedModel>,
  free: string,
  line = 2,
): Promise<{
  readonly newText: string;
  readonly sent: string;
  readonly prefixes: readonly (string | undefined)[];
  readonly cancelled: number;
}> {
  const engine = new ScriptedEngine([], model);
  engine.answer = ({ requiredPrefix }) => (requiredPrefix === undefined ? free : BESIDE_HEAD);
  let sent = '';
  const { newText } = await new ChatService({ session: engine.session }).edit(
    {
      task: 'fix',
      languageId: 'typescript',
      fileName: 'load.ts',
      target: TARGET,
      before: '',
      after: '',
      diagnostics: [`line ${line}: 'await' is only allowed in async functions. (ts 1308)`],
    },
    {},
    ({ text }) => (sent += text),
  );
  return {
    newText,
    sent,
    prefixes: engine.generations.map(({ requiredPrefix }) => requiredPrefix),
    cancelled: engine.cancelledGenerations,
  };
}

describe('a fix of a declaration', () => {
  const large = { sizeBytes: 4e9 };

  it('may change its first line around the name', async () => {
    const { newText, sent, prefixes } = await fixed(large, ASYNC);
    assert.deepEqual([newText, sent, prefixes], [`${ASYNC}\n`, ASYNC, [undefined]]);
  });

  it('begins again with that line where the model writes another declaration, of which nothing is sent', async () => {
    const { newText, sent, prefixes, cancelled } = await fixed(large, OTHER);
    assert.deepEqual(
      [newText, sent, prefixes, cancelled],
      [`${HEAD}${BESIDE_HEAD}\n`, HEAD + BESIDE_HEAD, [undefined, HEAD], 1],
    );
  });

  it('begins again too where the answer ends in its first line', async () => {
    assert.deepEqual((await fixed(large, 'main();')).prefixes, [undefined, HEAD]);
  });

  it('keeps that line by a small model', async () => {
    assert.deepEqual((await fixed({ sizeBytes: 5e8 }, ASYNC)).prefixes, [HEAD]);
  });

  it('is free where the problem is reported in that line', async () => {
    assert.deepEqual((await fixed({ sizeBytes: 5e8 }, ASYNC, 1)).prefixes, [undefined]);
  });

  it('is asked of a server once', async () => {
    assert.equal((await fixed({ ...large, engine: 'server' }, ASYNC)).prefixes.length, 1);
  });
});
