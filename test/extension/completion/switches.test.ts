import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import '../documents/support/useFakeVscode.ts';
import { FakeConfiguration } from '../documents/support/fakeConfiguration.ts';
import { fake } from '../documents/support/vscode.ts';

const { toggle, toggleLanguage } = await import('../../../extension/completion/switches.ts');

const ENABLED = 'completion.enabled';
const LANGUAGES = 'completion.disabledLanguages';

type Values = Readonly<Record<string, unknown>>;

describe('toggle', () => {
  const cases: readonly (readonly [
    where: string,
    before: readonly [user: Values, workspace: Values],
    after: readonly [user: Values, workspace: Values],
  ])[] = [
    ['switches off for the user if no setting exists', [{}, {}], [{ [ENABLED]: false }, {}]],
    ['switches on again for the user', [{ [ENABLED]: false }, {}], [{ [ENABLED]: true }, {}]],
    ['switches off in a workspace that sets it', [{}, { [ENABLED]: true }], [{}, { [ENABLED]: false }]],
    [
      'switches on in a workspace that sets it, whatever the user set',
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

describe('toggleLanguage', () => {
  beforeEach(() => {
    fake.activeTextEditor = { document: { languageId: 'go' } };
  });

  const cases: readonly (readonly [
    where: string,
    before: readonly [user: Values, workspace: Values],
    after: readonly [user: Values, workspace: Values],
  ])[] = [
    ['switches off for the user if no setting exists', [{}, {}], [{ [LANGUAGES]: ['go'] }, {}]],
    ['switches on again for the user', [{ [LANGUAGES]: ['go', 'python'] }, {}], [{ [LANGUAGES]: ['python'] }, {}]],
    [
      'switches off in the list of a workspace that has one',
      [{ [LANGUAGES]: ['python'] }, { [LANGUAGES]: ['rust'] }],
      [{ [LANGUAGES]: ['python'] }, { [LANGUAGES]: ['go', 'rust'] }],
    ],
    [
      'switches on in the list of a workspace that has one, whatever the user listed',
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

  it('changes nothing without an editor', async () => {
    fake.activeTextEditor = undefined;
    fake.configuration = new FakeConfiguration();
    await toggleLanguage();
    assert.deepEqual(fake.configuration, new FakeConfiguration());
  });
});
