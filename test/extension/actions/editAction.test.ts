import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { EditorTarget } from '../../../extension/actions/editorTarget.ts';
import type { SidecarSession } from '../../../extension/sidecar/session.ts';
import type { ChatCommand, EditParams } from '../../../sidecar/protocol/client.ts';
import { translateCode } from '../../../sidecar/chat/translate/translateCode.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import '../documents/support/useFakeVscode.ts';
import { fake, Range, Uri } from '../documents/support/vscode.ts';

const { askForText } = await import('../../../extension/actions/editAction.ts');

const docstring = `def first():\n    """Says much.\n${'    a word and another one\n'.repeat(1_000)}    """\n\n\n`;
const second = 'def second():\n    # the end\n    return 2\n';

/**
 * Returns the request that the sidecar gets for `target` with the given text around it, or `undefined` if there is
 * none.
 */
async function asked(
  task: ChatCommand,
  before: string,
  target: string,
  after: string,
): Promise<EditParams | undefined> {
  let params: EditParams | undefined;
  const session = {
    requestStreaming: async (_type: unknown, sent: EditParams) => ((params = sent), { newText: '', stopReason: 'end' }),
  };
  const document = new FakeDocument(Uri.file('/a.py'), before + target + after);
  const range = new Range(document.positionAt(before.length), document.positionAt((before + target).length));
  await askForText(
    session as unknown as SidecarSession,
    { document, range, origin: 'symbol' } as unknown as EditorTarget,
    { task, label: 'Translate' },
  );
  return params;
}

describe('an edit of code in the middle of a file', () => {
  beforeEach(() => fake.open([], {}));

  it('sends a part of the surrounding text', async () => {
    const params = await asked('docs', docstring, second, docstring);
    assert.deepEqual([params?.before, params?.after], [docstring.slice(-16_000), docstring.slice(0, 16_000)]);
  });

  it('sends all of the surrounding text if comments must be told from code', async () => {
    const params = await asked('translate', docstring, second, docstring);
    assert.deepEqual([params?.before, params?.target, params?.after], [docstring, second, docstring]);
  });

  it('translates comments and leaves code', async () => {
    const params = (await asked('translate', docstring, second, '')) as EditParams;
    assert.equal(
      await translateCode({ ...params, languageId: 'python' }, async () => 'das Ende'),
      second.replace('the end', 'das Ende'),
    );
  });

  it('reports a file that is too large to tell comments from code', async () => {
    assert.equal(await asked('translate', docstring.repeat(20), second, ''), undefined);
    assert.deepEqual(fake.messages, ['Translate: The document is too large.']);
  });
});
