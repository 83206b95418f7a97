/**
 * Measures the next edits that are suggested without a model, or with one.
 *
 *   npx tsx test/bench/nextEdits.ts [--data FOLDER] [--packages FOLDER] [--commits 250] [--held-out-commits 100]
 *     [--places 200] [--model FILE|NAME] [--sample 60] [--parts abcpd] [--write] [--verbose]
 *
 * (a) Recorded tasks with the person's next edit: is the place of the first suggestion right, and are texts right? (b)
 * 92 minutes of a person's work: what would be shown at each pause, and did the person make that change within 60 s?
 * (c) Commits of this repository, and of packages that were not looked at: after one of the first hunks, which others
 * are found? `--packages` holds bare clones of the packages (default: `packages` in the developer cache). (d) Places
 * where nothing follows: is there silence? Times are only comparable on an otherwise idle machine.
 *
 * `--model` lets a model write the edits that no rule makes: a GGUF file, a model of `.scripts/fetchableModels.json`,
 * or "bundled". In each part it is asked after `--sample` edits. `--parts` names the parts: `p` is (c) for packages.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { developerCacheFolder } from '../../.scripts/fetchModel.ts';
import { type ChainOutcome, type Chains, runChains } from './nextEdits/chains.ts';
import { FOLLOWER_KINDS } from './nextEdits/followers.ts';
import { runHeldOut } from './nextEdits/heldOut.ts';
import { replayRecording } from './nextEdits/replay.ts';
import { runSilence } from './nextEdits/silence.ts';
import { SHOWN_CONFIDENCE } from '../../sidecar/protocol/client.ts';
import { percent, Suggesting } from './nextEdits/suggesting.ts';
import { measureModel } from './nextEdits/modelReport.ts';
import { runTasks } from './nextEdits/tasks.ts';
import { repositoryRoot, writeReport } from './report.ts';
import { quantile } from './statistics.ts';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: path.resolve(repositoryRoot, '../shared/data/edit-recordings') },
    packages: { type: 'string', default: path.join(developerCacheFolder(), 'packages') },
    commits: { type: 'string', default: '250' },
    'held-out-commits': { type: 'string', default: '100' },
    places: { type: 'string', default: '200' },
    model: { type: 'string' },
    sample: { type: 'string', default: '60' },
    parts: { type: 'string', default: 'abcpd' },
    write: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const recording = path.join(options.data, 'typescript-service-92-minutes.json.gz');
if (options.model !== undefined) {
  await measureModel({
    ...options,
    model: options.model,
    recording,
    sample: Number(options.sample),
    commits: Number(options.commits),
    heldOutCommits: Number(options['held-out-commits']),
    places: Number(options.places),
  });
  process.exit();
}
const suggesting = new Suggesting();
const tasks = await runTasks(options.data, suggesting);
const replay = await replayRecording(recording, suggesting);
const chains = await runChains(repositoryRoot, { commits: Number(options.commits), suggesting });
const heldOut = await runHeldOut(options.packages, Number(options['held-out-commits']), () => ({ suggesting }));
const silence = await runSilence(repositoryRoot, Number(options.places), suggesting);

const right = replay.shown.filter(({ isRight }) => isRight).length;
const kinds = (list: readonly { readonly kind: string }[]): string[] =>
  [...new Set(list.map(({ kind }) => kind))].sort();
const sum = (list: readonly ChainOutcome[], field: 'edits' | 'rightEdits'): number =>
  list.reduce((total, outcome) => total + outcome[field], 0);
const rightOf = (list: readonly ChainOutcome[]): string =>
  `${sum(list, 'rightEdits')} of ${sum(list, 'edits')} (${percent(sum(list, 'rightEdits'), sum(list, 'edits'))})`;
const heldOutOutcomes = heldOut.flatMap((each) => each.chains.outcomes);
const byKind = (list: readonly ChainOutcome[]): string =>
  kinds(list)
    .map((kind) => `| ${kind} | ${rightOf(list.filter((each) => each.kind === kind))} |`)
    .join('\n');
const recallOf = (list: readonly Chains[], kind: (typeof FOLLOWER_KINDS)[number]): string => {
  const total = (field: 'expected' | 'found'): number => list.reduce((all, { recall }) => all + recall[kind][field], 0);
  return `${total('found')} of ${total('expected')} (${percent(total('found'), total('expected'))})`;
};
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
| (c) right of the changes suggested after one hunk of a commit here | ${rightOf(chains.outcomes)} | 90 % |
| (c) the same in packages that were not looked at | ${rightOf(heldOutOutcomes)} | 90 % |
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

## (c) Chains of commits

The first four hunks of each file are made, each alone, before all others. Most hunks follow from no other by rule, so
few are found. The workspace holds the files before the commit. A change is right if its lines stand in the commit's
result, or if the commit changes the line and brings the same words. An import is also right if the commit imports the
same names from the same file. The suggesters were written beside the commits of this repository. Nobody looked at those
of the packages.

| history | language | commits | hunks | right |
|---|---|--:|--:|--:|
| this repository | TypeScript | ${chains.commits} | ${chains.hunks} | ${rightOf(chains.outcomes)} |
${heldOut.map(({ name, url, language, chains: own }) => `| [${name}](${url}) | ${language} | ${own.commits} | ${own.hunks} | ${rightOf(own.outcomes)} |`).join('\n')}

Right by kind, in this repository:

| kind | right |
|---|--:|
${byKind(chains.outcomes)}

And in the packages:

| kind | right |
|---|--:|
${byKind(heldOutOutcomes)}

Recall counts the hunks that follow from the made one as far as their texts tell: the new name of a declaration replaces
the old one, the arguments of a call change whose function got other parameters, or an import of the same file brings a
new name. Names of libraries count too, and arguments whose value no rule tells. A hunk is found if a right change lies in
it.

| kind | found in this repository | found in the packages |
|---|--:|--:|
${FOLLOWER_KINDS.map(
  (kind) =>
    `| ${kind} | ${recallOf([chains], kind)} | ${recallOf(
      heldOut.map((each) => each.chains),
      kind,
    )} |`,
).join('\n')}

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
      chains: counted(chains),
      heldOut: heldOut.map(({ chains: own, ...each }) => ({ ...each, ...counted(own) })),
      silence: Object.fromEntries(silence),
    },
    model: 'none',
    command: 'npm run bench:next-edits -- --write',
  });

/** The figures of chains, without lines of other people's code. */
function counted({ outcomes, ...counts }: Chains): object {
  return { ...counts, outcomes: outcomes.map(({ kind, edits, rightEdits }) => ({ kind, edits, rightEdits })) };
}
