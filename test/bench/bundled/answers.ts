import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packagesFolder } from '../../../.scripts/bundledModel/corpus.ts';
import { fetchPackages, packageFolder } from '../../../.scripts/bundledModel/fetchPackages.ts';
import { htmlToText } from '../../../.scripts/bundledModel/htmlText.ts';
import type { CorpusPackage } from '../../../.scripts/bundledModel/packages.ts';

/** A frequently asked question about a programming language, with its makers' answer. */
export interface AnsweredQuestion {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
}

/** Python's frequently asked questions. No model was trained on them here. */
const SOURCE: CorpusPackage = {
  registry: 'debian',
  name: 'python3.11-doc',
  version: '3.11.2-6+deb12u9',
  licence: 'PSF-2.0',
  domains: [],
  heldOut: true,
};
const PAGES = ['design', 'extending', 'general', 'library', 'programming'] as const;
const SECTION =
  /<h3><a class="toc-backref"[^>]*>([\s\S]*?)<\/a><a class="headerlink"[\s\S]*?<\/h3>([\s\S]*?)(?=<\/section>|<section\b)/g;

/** Returns all questions in the order of the manual. Throws if the package can't be fetched. */
export async function readAnsweredQuestions(): Promise<readonly AnsweredQuestion[]> {
  const cache = packagesFolder();
  for (const [, reason] of await fetchPackages([SOURCE], cache))
    throw new Error(`${SOURCE.name} can't be fetched: ${reason}`);
  const folder = packageFolder(cache, SOURCE);
  const files = await readdir(folder, { recursive: true });
  const questions: AnsweredQuestion[] = [];
  for (const page of PAGES) {
    const file = files.find((name) => name.endsWith(path.join('faq', `${page}.html`)));
    if (file === undefined) throw new Error(`${SOURCE.name} has no page faq/${page}.html.`);
    questions.push(...answeredQuestions(page, await readFile(path.join(folder, file), 'utf8')));
  }
  return questions;
}

/** Returns the questions of a page with their answers. Leaves out questions without an answer's words. */
export function answeredQuestions(page: string, html: string): readonly AnsweredQuestion[] {
  return [...html.matchAll(SECTION)]
    .map(([, question, answer], index) => ({
      id: `${page} ${index}`,
      question: htmlToText(question as string).trim(),
      answer: htmlToText(answer as string).trim(),
    }))
    .filter(({ answer }) => answer !== '');
}
