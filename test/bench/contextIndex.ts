/**
 * Measures the index of a large workspace. Generated files pass the client's side of the protocol into the thread.
 * Measured are the total time, the memory, the time to rank a place, and the time until an edit is visible.
 *
 *   npm run bench:index -- [--files 100000] [--write]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ClientWorkspace } from '../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../sidecar/workspaceIndex/indexThread.ts';
import { percentile } from '../../sidecar/completion/statistics.ts';
import { writeReport } from './report.ts';

const { values: options } = parseArgs({
  options: { files: { type: 'string', default: '100000' }, write: { type: 'boolean', default: false } },
});
const count = Number(options.files);
const FOLDER_FILES = 50;
const PAGE_FILES = 1_000;
const QUERIES = 20;

const WORDS =
  'account address amount balance batch buffer cache cart channel client column config count customer date delivery discount document error event field file filter format group handler header image index input invoice item key label language limit line list location log mail map market message model name network node number object offset option order output owner page parser path payment picture place point policy position price product profile project query queue range rate reader record region report request result role route rule schema score section segment server session shape size source stack state status stock store stream string subject supplier table target task template text ticket time title token total tree type unit update user value vendor version view weight worker writer zone'.split(
    ' ',
  );

/** Returns the same word for the same number. */
const word = (seed: number): string => WORDS[(Math.imul(seed + 1, 2654435761) >>> 8) % WORDS.length] as string;
const capital = (text: string): string => text[0]?.toUpperCase() + text.slice(1);
const pathOf = (file: number): string =>
  `src/${word(Math.floor(file / FOLDER_FILES))}${Math.floor(file / FOLDER_FILES)}/${word(file)}${file}.ts`;
const uriOf = (file: number): string => `file:///project/${pathOf(file)}`;

/** Returns about 40 lines with the names of a real file: an import, a type, and functions. */
function textOf(file: number): string {
  const other = (file * 7 + 3) % count;
  const lines = [
    `import { ${word(other)}${other} } from '../../${pathOf(other).replace(/\.ts$/, '')}';`,
    '',
    `export interface ${capital(word(file))}${file} {`,
  ];
  for (let field = 0; field < 4; field++)
    lines.push(`  readonly ${word(file + field)}${capital(word(file * 3 + field))}: number;`);
  lines.push('}', '');
  for (let each = 0; each < 4; each++) {
    const [one, two] = [word(file + 11 * each), capital(word(file * 5 + each))];
    lines.push(
      `/** ${capital(one)} of a ${word(file + each)}. */`,
      `export function ${each === 0 ? `${word(file)}${file}` : `${one}${two}`}(${one}: number, ${word(file + 2)}${two}: string): number {`,
      `  const ${word(file + 3)}Count = ${word(other)}${other}(${one}, '${word(file + each)}');`,
      `  if (${word(file + 3)}Count > ${each}) return ${one} * ${word(file + 3)}Count;`,
      `  return ${one};`,
      '}',
      '',
    );
  }
  return lines.join('\n');
}

const thread = new IndexThread();
const edited: { text?: string } = {};
const workspace = new ClientWorkspace({
  key: 'bench',
  thread,
  openUris: () => [],
  openText: (uri) => (uri === uriOf(7) ? edited.text : undefined),
  pathOf: (uri) => uri,
  source: {
    list: async (page = 0) => {
      const start = page * PAGE_FILES;
      const end = Math.min(count, start + PAGE_FILES);
      return {
        files: Array.from({ length: end - start }, (_, index) => ({
          uri: uriOf(start + index),
          path: pathOf(start + index),
        })),
        ...(end < count ? { next: page + 1 } : {}),
      };
    },
    // As from another process: texts arrive as JSON.
    read: async (uris) =>
      JSON.parse(
        JSON.stringify({
          files: uris.map((uri) => ({ uri, text: textOf(Number(/(\d+)\.ts$/.exec(uri)?.[1])) })),
          remaining: [],
        }),
      ) as { files: { uri: string; text: string }[]; remaining: string[] },
  },
});

const rssBefore = process.memoryUsage().rss;
let frontLateMs = 0;
let lastMs = performance.now();
const watch = setInterval(() => {
  const nowMs = performance.now();
  frontLateMs = Math.max(frontLateMs, nowMs - lastMs - 20);
  lastMs = nowMs;
}, 20);
const startedAt = performance.now();
workspace.start();
await workspace.whenReady();
const readMs = performance.now() - startedAt;
clearInterval(watch);
await sleep(500);
const rssBytes = process.memoryUsage().rss - rssBefore;
const { files, indexBytes } = await thread.ask('statistics', { workspace: 'bench' });

const rankMs: number[] = [];
for (let query = 0; query < QUERIES; query++) {
  const file = (query * 4_999 + 1) % count;
  const text = textOf(file);
  const begun = performance.now();
  await workspace.snippets({
    uri: uriOf(file),
    path: pathOf(file),
    languageId: 'typescript',
    text,
    offset: text.length - 30,
    maxSnippetUnits: 3_000,
  });
  rankMs.push(performance.now() - begun);
}
rankMs.sort((one, other) => one - other);

edited.text = `${textOf(7)}\nexport function thisNameIsNew(first: number): void {}\n`;
const editedAt = performance.now();
workspace.documentChanged(uriOf(7), { kind: 'changed', line: 40 });
while ((await workspace.symbols('thisNameIsNew', 1)).length === 0) await sleep(2);
const visibleMs = performance.now() - editedAt;
await thread.dispose();

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
const figures = {
  files,
  seconds: Number((readMs / 1000).toFixed(1)),
  memoryMiB: mebibytes(rssBytes),
  indexMiB: mebibytes(indexBytes),
  longestPauseMs: Math.round(frontLateMs),
  rankP50Ms: Math.round(percentile(rankMs, 0.5) ?? 0),
  rankP90Ms: Math.round(percentile(rankMs, 0.9) ?? 0),
  editVisibleMs: Math.round(visibleMs),
};
console.log(figures);
if (options.write) {
  const body = [
    `${files.toLocaleString('en')} generated files of about 40 lines, sent in batches of 64 as by an editor. The goals were 60 s, 300 MiB, and 200 ms for an edit.`,
    '',
    '| | |',
    '|---|---|',
    `| all files indexed | ${figures.seconds} s |`,
    `| additional memory of the process (including kept texts) | ${figures.memoryMiB} MiB |`,
    `| of that, the inverted index | ${figures.indexMiB} MiB |`,
    `| longest time without an answer of the front (including the bench's generation of files) | ${figures.longestPauseMs} ms |`,
    `| time to rank a place, median and 90 % | ${figures.rankP50Ms} and ${figures.rankP90Ms} ms |`,
    `| time until an edit of an open document can be found | ${figures.editVisibleMs} ms |`,
  ].join('\n');
  await writeReport({
    name: 'context-index',
    title: 'The index of a large workspace',
    body,
    figures,
    model: 'none',
    command: `npm run bench:index -- --files ${count} --write`,
  });
}
