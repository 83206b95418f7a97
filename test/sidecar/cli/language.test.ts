import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import * as l10n from '@vscode/l10n';
import { useEnvironmentLanguage } from '../../../sidecar/cli/language.ts';

afterEach(() => useEnvironmentLanguage({ LANG: 'C' }));

describe('The command line uses the language of the environment', () => {
  const cases: readonly (readonly [environment: NodeJS.ProcessEnv, text: string])[] = [
    [{ LANG: 'de_DE.UTF-8' }, 'die Frage'],
    [{ LANG: 'de_DE.UTF-8', LC_MESSAGES: 'ja_JP.UTF-8' }, '質問'],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, 'the question'],
    [{ LANG: 'zh_TW.UTF-8' }, '問題'],
    [{ LANG: 'sv_SE.UTF-8' }, 'the question'],
  ];
  for (const [environment, text] of cases) {
    test(`${JSON.stringify(environment)}: ${text}`, () => {
      useEnvironmentLanguage(environment);
      assert.equal(l10n.t('the question'), text);
    });
  }
});
