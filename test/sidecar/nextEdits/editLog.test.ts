import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EditLogError, EditLogReplay, parseEditLog } from '../../../sidecar/nextEdits/editLog.ts';

const OPENED = [
  { kind: 'documentEncountered', id: 1, relativePath: 'src\\a.ts', time: 1 },
  { kind: 'setContent', id: 1, content: 'let a;', time: 1 },
];

function replayed(log: readonly object[], isSecret?: (path: string) => boolean): EditLogReplay {
  const replay = new EditLogReplay(isSecret);
  for (const entry of parseEditLog({ log })) replay.apply(entry);
  return replay;
}

describe('a log of edits', () => {
  it('gives the texts, the hunks and the cursor after its last entry', () => {
    const replay = replayed([
      ...OPENED,
      {
        kind: 'changed',
        id: 1,
        time: 2,
        edit: [
          [4, 5, 'total'],
          [6, 6, '\n'],
        ],
      },
      { kind: 'selectionChanged', id: 1, time: 3, selection: [[2, 2]] },
      { kind: 'unknown', whatever: true },
    ]);
    assert.deepEqual(replay.documents, [
      { uri: 'src\\a.ts', path: 'src/a.ts', languageId: 'typescript', text: 'let total;\n' },
    ]);
    assert.equal(replay.journal.recent(replay.nowMs).length, 2);
    assert.deepEqual(replay.cursor, { uri: 'src\\a.ts', offset: 2 });
  });

  it('takes the language of a notebook from its first cell', () => {
    const content = '#%% vscode.cell [id=#VSC-1] [language=julia]\nx = 1\n';
    const replay = replayed([
      { ...OPENED[0], relativePath: 'a.ipynb' },
      { ...OPENED[1], content },
    ]);
    assert.equal(replay.documents[0]?.languageId, 'julia');
  });

  it('leaves secret files out', () => {
    assert.deepEqual(replayed(OPENED, (path) => path.endsWith('a.ts')).documents, []);
  });

  describe('whose texts become too large together is refused', () => {
    const LARGE = 'x'.repeat(24 * 1024 * 1024);
    const large = { kind: 'setContent', id: 1, content: LARGE };
    const change = { kind: 'changed', id: 1, time: 1, edit: [[0, 0, LARGE]] };
    const store = (contentId: string): object => ({ kind: 'storeContent', id: 1, contentId });
    const cases: readonly (readonly [title: string, log: readonly object[]])[] = [
      ['by changes', [large, change, change]],
      ['by stored contents', [large, store('a'), store('b')]],
    ];
    for (const [title, log] of cases)
      it(title, () => {
        assert.throws(() => replayed([OPENED[0] as object, ...log]), /more than 67108864 characters together/);
      });

    it('but not if a content, or a document, replaces another', () => {
      const again = [OPENED[0] as object, large];
      replayed([...again, store('a'), store('a'), ...again, ...again, ...again]);
    });
  });

  const damaged: readonly (readonly [title: string, log: unknown, message: RegExp])[] = [
    ['without a list', { log: {} }, /^log: /],
    ['that is no object', [], /^the file: /],
    ['without an id', { log: [{ kind: 'setContent', content: '' }] }, /^log\[0\] \(setContent\)\.id/],
    [
      'with an offset that is no whole number',
      { log: [...OPENED, { kind: 'changed', id: 1, time: 1, edit: [[0.5, 1, '']] }] },
      /^log\[2\] \(changed\)\.edit\.0\.0/,
    ],
    [
      'with an offset behind the text',
      { log: [...OPENED, { kind: 'changed', id: 1, time: 1, edit: [[3, 99, '']] }] },
      /document 1: the edit \[3, 99\] does not fit a text of 6 characters/,
    ],
    [
      'with edits that overlap',
      {
        log: [
          ...OPENED,
          {
            kind: 'changed',
            id: 1,
            time: 1,
            edit: [
              [0, 4, ''],
              [3, 5, ''],
            ],
          },
        ],
      },
      /does not fit/,
    ],
    ['with an unknown document', { log: [{ kind: 'setContent', id: 3, content: '' }] }, /document 3 is used before/],
    [
      'with a document without a text',
      { log: [OPENED[0], { kind: 'changed', id: 1, time: 1, edit: [] }] },
      /setContent/,
    ],
  ];
  for (const [title, log, message] of damaged)
    it(`${title} gives one clear error`, () => {
      assert.throws(
        () => {
          const replay = new EditLogReplay();
          for (const entry of parseEditLog(log)) replay.apply(entry);
        },
        (error) => error instanceof EditLogError && message.test(error.message),
      );
    });
});
