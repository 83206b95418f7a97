import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { namedDefinitions } from '../../../sidecar/chat/namedDefinitions.ts';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import type { ChatMessage, ContextItem } from '../../../sidecar/protocol/client.ts';
import { FilesInMemory } from '../workspaceIndex/filesInMemory.ts';

const thread = new IndexThread();
after(() => thread.dispose());

const functionOf = (name: string, lines = 1): string =>
  `export function ${name}(): void {\n${"  writeLine('a line of one function, as long as lines of code are on average');\n".repeat(lines)}}\n`;
const source = new FilesInMemory({
  'shop/cart.ts':
    'export class Cart {\n  /** Sums the prices of all items. */\n  total(): number {\n    return 1;\n  }\n}\n',
  'shop/mail.ts': functionOf('sendMail'),
  'shop/report.ts': functionOf('writeReport', 60) + functionOf('writeSummary', 60),
  'shop/notes.ts': functionOf('writeNotes', 12),
  ...Object.fromEntries(
    ['one', 'two', 'three', 'four', 'five'].map((name) => [`cases/${name}.ts`, functionOf(`${name}Case`)]),
  ),
  ...Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [
      `many/${name}.ts`,
      functionOf('inMany') + (name === 'c' ? '' : functionOf('inTwo')),
    ]),
  ),
  'docs/guide.md': '# Guide\n\nconst GitHub = 1\n',
});
const files = new ClientWorkspace({
  key: 'chat',
  thread,
  source,
  openUris: () => [],
  openText: () => undefined,
  pathOf: (uri) => uri,
});

/** Returns the places of the definitions for each question. Answers are between the questions. */
async function placesOf(
  questions: readonly string[],
  given: readonly ContextItem[] = [],
): Promise<readonly (readonly string[])[]> {
  files.start();
  await files.whenReady();
  const messages = questions.flatMap((content): ChatMessage[] => [
    { role: 'user', content },
    { role: 'assistant', content: 'See fiveCase.' },
  ]);
  const found = await namedDefinitions(files, messages, given);
  return messages
    .filter(({ role }) => role === 'user')
    .map((message) =>
      (found.get(message) ?? []).map(({ place, item }) => {
        assert.equal(item.text.split('\n').length, place.lines[1] - place.lines[0] + 1);
        return `${place.path.split('/').at(-1)}:${place.lines.join('-')}`;
      }),
    );
}

describe('namedDefinitions', () => {
  it('gives definitions to the first question with a name, and keeps them there', async () => {
    assert.deepEqual(await placesOf(['What does sendMail do?', 'And in German? Does sendMail call twoCase?']), [
      ['mail.ts:0-2'],
      ['two.ts:0-2'],
    ]);
  });

  it('gives definitions again to a question that repeats the name after some others', async () => {
    const others = Array.from({ length: 6 }, () => 'And then?');
    assert.deepEqual((await placesOf(['What does sendMail do?', ...others.slice(1), 'And sendMail?'])).at(-1), []);
    assert.deepEqual((await placesOf(['What does sendMail do?', ...others, 'And sendMail?'])).at(-1), ['mail.ts:0-2']);
  });

  it('gives the definitions of four names in the workspace at most', async () => {
    const [found] = await placesOf([
      'I use TypeScript, JavaScript, GitHub, PostgreSQL and isNowhere. Compare oneCase, twoCase, threeCase, fourCase and fiveCase.',
    ]);
    assert.deepEqual(found, ['one.ts:0-2', 'two.ts:0-2', 'three.ts:0-2', 'four.ts:0-2']);
  });

  it('gives no definition of an ambiguous name, but both of a name with two', async () => {
    assert.deepEqual(await placesOf(['What do inMany and inTwo do?']), [['a.ts:3-5', 'b.ts:3-5']]);
  });

  it('gives code only once: a method inside its class, and no code from the question’s context', async () => {
    assert.deepEqual(await placesOf(['Is `total` called by Cart.total() of `Cart`?', 'And Cart.total?']), [
      ['cart.ts:0-5'],
      [],
    ]);
    const mail = {
      kind: 'file',
      uri: FilesInMemory.uri('shop/mail.ts'),
      text: functionOf('sendMail').replaceAll('\n', '\r\n'),
    } as const;
    assert.deepEqual(await placesOf(['What does sendMail do?'], [mail]), [[]]);
    for (const other of [
      { ...mail, kind: 'diagnostics' as const },
      { ...mail, text: 'sendMail' },
      { ...mail, uri: FilesInMemory.uri('shop/cart.ts') },
    ]) {
      assert.deepEqual(await placesOf(['What does sendMail do?'], [other]), [['mail.ts:0-2']]);
    }
  });

  it('limits the definitions to a quick read', async () => {
    const [[first, second]] = (await placesOf(['What do writeReport and writeSummary do?'])) as [[string, string]];
    assert.deepEqual([first, second.startsWith('report.ts:62-')], ['report.ts:0-61', true]);
    assert.ok(Number(second.split('-')[1]) < 85, second);
    assert.deepEqual(
      await placesOf(['What do writeReport, writeNotes and writeSummary do?']),
      [['report.ts:0-61', 'notes.ts:0-13']],
      'a single line of the third is useless',
    );
  });

  it('gives nothing without files or names', async () => {
    assert.equal(
      (await namedDefinitions(undefined, [{ role: 'user', content: 'What does sendMail do?' }], [])).size,
      0,
    );
    assert.deepEqual(await placesOf(['What is this?']), [[]]);
  });
});
