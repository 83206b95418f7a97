import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const documents = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.split(path.sep).join('/')}`),
];
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

/** Links of a document to files or headings that do not exist. */
function brokenLinks(file: string, text: string): string[] {
  return [...text.matchAll(/(?:\]\(|\bsrc(?:set)?=")([^)"\s]+)[)"]/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [place = '', anchor] = link.split('#');
    const target = place === '' ? file : path.join(path.dirname(file), place);
    if (!existsSync(path.join(root, target))) return [`${link}: no such file`];
    return anchor === undefined || anchorsOf(read(target)).has(anchor) ? [] : [`${link}: no such heading`];
  });
}

/** Paths of the project in a document's code spans that do not exist. Capital letters and … stand for a name. */
function missingPaths(text: string): string[] {
  return [...text.matchAll(/`((?:extension|sidecar|kernels|media|l10n|test|\.scripts|docs)\/[\w./-]+)`/g)]
    .map(([, place = '']) => place)
    .filter((place) => !/\b[A-Z]{3,}\b/.test(place) && !existsSync(path.join(root, place)));
}

describe('the documents', () => {
  it('are found', () => assert.ok(documents.length > 40, `found ${documents.length}`));

  for (const file of documents) {
    it(`${file} links to files and headings that exist`, () => {
      assert.deepEqual(brokenLinks(file, read(file)), []);
    });
  }

  // Pages of results name files as they were when they were measured.
  for (const file of documents.filter((name) => !name.startsWith('docs/results/'))) {
    it(`${file} names paths that exist`, () => {
      assert.deepEqual(missingPaths(read(file)), []);
    });
  }

  it('a link to a missing heading is found', () => {
    assert.deepEqual(brokenLinks('README.md', 'See [it](docs/tour.md#nothing) and [all](docs/tour.md#all-commands).'), [
      'docs/tour.md#nothing: no such heading',
    ]);
  });

  it('a missing picture of an HTML element is found', () => {
    assert.deepEqual(brokenLinks('README.md', '<source srcset="docs/a.png"><img src="docs/images/animation.png">'), [
      'docs/a.png: no such file',
    ]);
  });

  it('a missing path is found', () => {
    assert.deepEqual(missingPaths('`sidecar/front/gone.ts` and `sidecar/front/`'), ['sidecar/front/gone.ts']);
  });
});
