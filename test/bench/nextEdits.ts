/**
 * Measures the next edits that are suggested without a model.
 *
 *   npx tsx test/bench/nextEdits.ts [--data FOLDER] [--commits 250] [--places 200] [--write] [--verbose]
 *
 * (a) Recorded tasks with the person's next edit: is the place of the first suggestion right, and are texts right? (b)
 * 92 minutes of a person's work: what would be shown at each pause, and did the person make that change within 60 s?
 * (c) Commits of this repository: after one of the first hunks, which others are found? (d) Places where nothing
 * follows: is there silence? Times are only comparable on an otherwise idle machine.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type ChainOutcome, runChains } from './nextEdits/chains.ts';
import { replayRecording } from './nextEdits/replay.ts';
import { runSilence } from './nextEdits/silence.ts';
import { percent, SHOWN_CONFIDENCE } from './nextEdits/suggesting.ts';
import { runTasks } from './nextEdits/tasks.ts';
import { repositoryRoot, writeReport } from './report.ts';
import { quantile } from './statistics.ts';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: path.resolve(repositoryRoot, '../shared/data/edit-recordings') },
    commits: { type: 'string', default: '250' },
    places: { type: 'string', default: '200' },
    write: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const tasks = await runTasks(options.data);
const replay = await replayRecording(path.join(options.data, 'typescript-service-92-minutes.json.gz'));
const chains = await runChains(repositoryRoot, Number(options.commits));
const silence = await runSilence(repositoryRoot, Number(options.places));

const right = replay.shown.filter(({ isRight }) => isRight).length;
const kinds = (list: readonly { readonly kind: string }[]): string[] =>
  [...new Set(list.map(({ kind }) => kind))].sort();
const sum = (list: readonly ChainOutcome[], field: 'edits' | 'rightEdits'): number =>
  list.reduce((total, outcome) => total + outcome[field], 0);
const silencePlaces = [...silence.values()].reduce((total, { places }) => total + places, 0);
const silenceShown = [...silence.values()].reduce((total, { shown }) => total + shown, 0);
const [p50, p90] = [quantile(replay.timesMs, 0.5), quantile(replay.timesMs, 0.9)];

const body = `
Suggestions of \`sidecar/nextEdits\` without a model, of a confidence of at least ${SHOWN_CONFIDENCE}
([what they are](../next-edits.md)).

| measure | figure | goal |
|---|--:|--:|
| (a) right place in the given tasks | ${tasks.filter(({ isPlaceRight }) => isPlaceRight).length} of ${tasks.length} | 9 of 11 |
| (b) right of the suggestions shown in 92 minutes | ${right} of ${replay.shown.length} (${percent(right, replay.shown.length)}) | 90 % |
| (c) right of the changes suggested after one hunk of a commit | ${sum(chains.outcomes, 'rightEdits')} of ${sum(chains.outcomes, 'edits')} (${percent(sum(chains.outcomes, 'rightEdits'), sum(chains.outcomes, 'edits'))}) | 90 % |
| (d) silent where nothing follows | ${silencePlaces - silenceShown} of ${silencePlaces} (${percent(silencePlaces - silenceShown, silencePlaces)}) | 95 % |
| time to show, median and 90th percentile, in (b) | ${p50.toFixed(1)} / ${p90.toFixed(1)} ms | 150 ms |

## (a) Recorded tasks

"Exact" counts the person's single changes that the suggestions for that file make exactly. The tasks were at hand
while the suggesters were written.

| task | first suggestion | right place | exact |
|---|---|---|--:|
${tasks.map((task) => `| ${task.task} | ${task.kind} | ${task.isPlaceRight ? 'yes' : 'no'} | ${task.exactEdits} of ${task.editsOfPerson} |`).join('\n')}

## (b) 92 minutes of a person's work

At each pause of 500 ms after a change the best suggestion counts. It is right if its first change stands in the
document within 60 s, in exact lines. A suggestion that stays the same counts once. ${replay.pauses} pauses, of which
${percent(replay.silentPauses, replay.pauses)} were silent; ${(replay.shown.length / replay.hours).toFixed(1)} suggestions
per hour; ${replay.processorSeconds.toFixed(1)} s of processor time. In the same session GitHub Copilot showed 1,130
suggestions, of which 87 were accepted; these were mostly text at the cursor, so the figures are no comparison.

| kind | shown | right |
|---|--:|--:|
${kinds(replay.shown)
  .map((kind) => {
    const own = replay.shown.filter((each) => each.kind === kind);
    return `| ${kind} | ${own.length} | ${own.filter(({ isRight }) => isRight).length} |`;
  })
  .join('\n')}

## (c) Chains of this repository's history

${chains.commits} commits with ${chains.hunks} hunks in TypeScript files. The first four hunks of each file are made, each
alone, before all others. Most hunks follow from no other by rule, so few are found. A change is right if its lines
stand in the commit's result, or if the commit changes the line and brings the same words.

| kind | suggested changes | right |
|---|--:|--:|
${kinds(chains.outcomes)
  .map((kind) => {
    const own = chains.outcomes.filter((each) => each.kind === kind);
    return `| ${kind} | ${sum(own, 'edits')} | ${sum(own, 'rightEdits')} |`;
  })
  .join('\n')}

## (d) Places where nothing follows

| edit | places | with a suggestion |
|---|--:|--:|
${[...silence].map(([name, { places, shown }]) => `| ${name} | ${places} | ${shown} |`).join('\n')}
`;

console.log(body);
if (options.verbose)
  for (const each of replay.shown) console.log(each.isRight ? 'right' : 'wrong', each.kind, JSON.stringify(each.lines));
for (const each of chains.outcomes) if (options.verbose) console.log(JSON.stringify(each));
if (options.write)
  await writeReport({
    name: 'next-edits',
    title: 'Next edits without a model',
    body,
    figures: {
      tasks,
      replay: { ...replay, shown: replay.shown.map(({ kind, isRight }) => ({ kind, isRight })), timesMs: { p50, p90 } },
      chains,
      silence: Object.fromEntries(silence),
    },
    model: 'none',
    command: 'npm run bench:next-edits -- --write',
  });
