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

/** Fixes the target with a model whose answer depends on whether its first line is given. */
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

  it('may change the first line around the name', async () => {
    const { newText, sent, prefixes } = await fixed(large, ASYNC);
    assert.deepEqual([newText, sent, prefixes], [`${ASYNC}\n`, ASYNC, [undefined]]);
  });

  it('is generated again with the first line if the model writes another declaration, whose text is not sent', async () => {
    const { newText, sent, prefixes, cancelled } = await fixed(large, OTHER);
    assert.deepEqual(
      [newText, sent, prefixes, cancelled],
      [`${HEAD}${BESIDE_HEAD}\n`, HEAD + BESIDE_HEAD, [undefined, HEAD], 1],
    );
  });

  it('is generated again too if the answer ends in its first line', async () => {
    assert.deepEqual((await fixed(large, 'main();')).prefixes, [undefined, HEAD]);
  });

  it('keeps the first line with a small model', async () => {
    assert.deepEqual((await fixed({ sizeBytes: 5e8 }, ASYNC)).prefixes, [HEAD]);
  });

  it('is free if a problem is reported in the first line', async () => {
    assert.deepEqual((await fixed({ sizeBytes: 5e8 }, ASYNC, 1)).prefixes, [undefined]);
  });

  it('is requested from a server only once', async () => {
    assert.equal((await fixed({ ...large, engine: 'server' }, ASYNC)).prefixes.length, 1);
  });
});
