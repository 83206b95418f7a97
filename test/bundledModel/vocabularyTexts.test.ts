import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { readPackages } from '../../.scripts/bundledModel/packages.ts';
import { PROSE_LANGUAGES, vocabularyTexts } from '../../.scripts/bundledModel/vocabularyTexts.ts';

describe('vocabularyTexts', () => {
  it('covers code of every language, prose and common words of each of 23 languages, and licences', () => {
    const args = vocabularyTexts('corpus');
    const training = path.join('corpus', 'texts', 'training');
    assert.ok(args.includes(`${path.join(training, 'rust')}=5`));
    assert.ok(args.includes(`${path.join(training, 'prose', 'fa')}=1`));
    assert.ok(args.includes(`${path.join('corpus', 'vocabulary', 'words', 'fa')}=1`));
    assert.equal(new Set(args).size - 1, 15 + 23 + 23 + 1);
    assert.ok(args.every((arg, index) => (arg === '--texts') === (index % 2 === 0)));
  });

  it('has a training package for each language', async () => {
    const packages = (await readPackages()).filter(({ heldOut }) => !heldOut);
    const languages = new Set(
      packages.flatMap(({ pages, name }) =>
        pages === undefined ? [] : [/^libreoffice-(?:help|l10n)-([a-z]{2})/.exec(name)?.[1]],
      ),
    );
    for (const language of PROSE_LANGUAGES) assert.ok(languages.has(language), language);
  });
});
