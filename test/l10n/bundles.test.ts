import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { INTERFACE_LANGUAGES, type InterfaceLanguage } from '../../l10n/languages.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
type Texts = Readonly<Record<string, string>>;
const read = (file: string): Texts => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Texts;

/** Names, and words that a language may share with English. */
const SAME_IN_ALL = ['Chorus', '{0}: {1}'];
const SAME_IN_SOME: Partial<Record<InterfaceLanguage, readonly string[]>> = {
  cs: ['Model: {0}', 'Chat'],
  de: ['Engine: {0}', 'Code', 'Code in {0}', 'Chat'],
  es: ['Chat', 'Tokens: {0}'],
  fr: ['Conversation', 'Question', 'Code'],
  id: ['Model: {0}'],
  it: ['Chat'],
  nl: ['Model: {0}', 'Engine: {0}', 'Code', 'Code in {0}', 'Chat'],
  pl: ['Model: {0}'],
  'pt-br': ['Chat'],
  ro: ['Model: {0}', 'Chat'],
  tr: ['Model: {0}'],
};

const bundles = [
  {
    name: 'texts at run time',
    english: 'l10n/bundle.l10n.json',
    file: (language: string) => `l10n/bundle.l10n.${language}.json`,
  },
  {
    name: 'texts of the manifest',
    english: 'package.nls.json',
    file: (language: string) => `package.nls.${language}.json`,
  },
];
const languages = (Object.keys(INTERFACE_LANGUAGES) as InterfaceLanguage[]).filter((language) => language !== 'en');

const sorted = (matches: RegExpMatchArray | null): readonly string[] => [...new Set(matches ?? [])].sort();
/** Returns the parts that a translation keeps unchanged: placeholders, code, links to commands, names of settings. */
const kept = (text: string): readonly string[] =>
  sorted(text.match(/\{\d+\}|`[^`]+`|\]\(command:[\w.]+\)|\n|\$\([\w-]+\)/g));
const isPlural = (text: string): boolean => /^(zero|one|two|few|many|other): /.test(text);
const forms = (text: string): Map<string, string> =>
  new Map(text.split(' | ').map((form) => [form.slice(0, form.indexOf(': ')), form.slice(form.indexOf(': ') + 2)]));

for (const { name, english, file } of bundles) {
  describe(name, () => {
    const source = read(english);
    for (const language of languages) {
      it(`are complete in ${language}, with every placeholder`, () => {
        const texts = read(file(language));
        assert.deepEqual(Object.keys(texts).sort(), Object.keys(source).sort());
        for (const [key, text] of Object.entries(source)) {
          const translated = texts[key] ?? '';
          assert.notEqual(translated.trim(), '', key);
          assert.deepEqual(kept(translated), kept(text), `${key} in ${file(language)}`);
        }
      });

      it(`are translated in ${language}`, () => {
        const texts = read(file(language));
        const same = [...SAME_IN_ALL, ...(SAME_IN_SOME[language] ?? [])];
        assert.deepEqual(
          Object.entries(source).filter(([key, text]) => texts[key] === text && !same.includes(text)),
          [],
        );
      });

      it(`have each plural form of ${language}`, () => {
        const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
        const texts = read(file(language));
        for (const [key, text] of Object.entries(source).filter(([, value]) => isPlural(value))) {
          const translated = forms(texts[key] ?? '');
          assert.deepEqual([...translated.keys()].sort(), [...categories].sort(), `${key} in ${file(language)}`);
          for (const form of translated.values()) assert.deepEqual(kept(form), kept(text), form);
        }
      });
    }
  });
}

describe('the languages of the interface', () => {
  it('are the choices of the setting, each by its own name', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      contributes: { configuration: { properties: Record<string, { enum?: string[]; enumItemLabels?: string[] }> } };
    };
    const setting = manifest.contributes.configuration.properties['chorus.language'];
    assert.deepEqual(setting?.enum, ['auto', ...Object.keys(INTERFACE_LANGUAGES)]);
    assert.deepEqual(setting?.enumItemLabels?.slice(1), Object.values(INTERFACE_LANGUAGES));
  });

  it('have no file for an unlisted language', () => {
    for (const tag of ['pt', 'zh', 'zh-hans', 'sv'])
      for (const { file } of bundles) assert.equal(existsSync(path.join(root, file(tag))), false, tag);
  });
});
