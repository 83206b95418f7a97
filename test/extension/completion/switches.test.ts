import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import '../documents/support/useFakeVscode.ts';
import { FakeConfiguration } from '../documents/support/fakeConfiguration.ts';
import { fake } from '../documents/support/vscode.ts';

const { toggle, toggleLanguage } = await import('../../../extension/completion/switches.ts');

const ENABLED = 'completion.enabled';
const LANGUAGES = 'completion.disabledLanguages';

type Values = Readonly<Record<string, unknown>>;

describe('ghost text is switched', () => {
  const cases: readonly (readonly [
    where: string,
    before: readonly [user: Values, workspace: Values],
    after: readonly [user: Values, workspace: Values],
  ])[] = [
    ['off for the user, where nobody said anything', [{}, {}], [{ [ENABLED]: false }, {}]],
    ['on again for the user', [{ [ENABLED]: false }, {}], [{ [ENABLED]: true }, {}]],
    ['off in a workspace that sets it', [{}, { [ENABLED]: true }], [{}, { [ENABLED]: false }]],
    [
      'on in a workspace that sets it, whatever the user set',
      [{ [ENABLED]: true }, { [ENABLED]: false }],
      [{ [ENABLED]: true }, { [ENABLED]: true }],
    ],
  ];
  for (const [where, before, [user, workspace]] of cases) {
    it(where, async () => {
      fake.configuration = new FakeConfiguration(...before);
      await toggle();
      assert.deepEqual(fake.configuration, new FakeConfiguration(user, workspace));
    });
  }
});

describe('ghost text of a language is switched', () => {
  beforeEach(() => {
    fake.activeTextEditor = { document: { languageId: 'go' } };
  });

  const cases: readonly (readonly [
    where: string,
    before: readonly [user: Values, workspace: Values],
    after: readonly [user: Values, workspace: Values],
  ])[] = [
    ['off for the user, where nobody said anything', [{}, {}], [{ [LANGUAGES]: ['go'] }, {}]],
    ['on again for the user', [{ [LANGUAGES]: ['go', 'python'] }, {}], [{ [LANGUAGES]: ['python'] }, {}]],
    [
      'off in the list of a workspace that has one',
      [{ [LANGUAGES]: ['python'] }, { [LANGUAGES]: ['rust'] }],
      [{ [LANGUAGES]: ['python'] }, { [LANGUAGES]: ['go', 'rust'] }],
    ],
    [
      'on in the list of a workspace that has one, whatever the user listed',
      [{ [LANGUAGES]: ['go'] }, { [LANGUAGES]: ['go'] }],
      [{ [LANGUAGES]: ['go'] }, { [LANGUAGES]: [] }],
    ],
  ];
  for (const [where, before, [user, workspace]] of cases) {
    it(where, async () => {
      fake.configuration = new FakeConfiguration(...before);
      await toggleLanguage();
      assert.deepEqual(fake.configuration, new FakeConfiguration(user, workspace));
    });
  }

  it('nowhere without an editor', async () => {
    fake.activeTextEditor = undefined;
    fake.configuration = new FakeConfiguration();
    await toggleLanguage();
    assert.deepEqual(fake.configuration, new FakeConfiguration());
  });
});
