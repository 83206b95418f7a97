import { fetchModel, isFetchable } from '../../../.scripts/fetchModel.ts';
import { LEAST_SURE, type Sureness } from '../../../sidecar/nextEdits/rewriting/rewriteGate.ts';
import { openBenchSession } from '../benchSession.ts';
import { repositoryRoot, writeReport } from '../report.ts';
import { quantile } from '../statistics.ts';
import { type ChainOutcome, type Chains, runChains } from './chains.ts';
import { runHeldOut } from './heldOut.ts';
import { replayRecording } from './replay.ts';
import { runSilence } from './silence.ts';
import { percent, Suggesting } from './suggesting.ts';
import { runTasks } from './tasks.ts';

interface ModelOptions {
  /** A GGUF file, a model of `.scripts/fetchableModels.json`, or "bundled". */
  readonly model: string;
  readonly data: string;
  readonly recording: string;
  readonly packages: string;
  readonly commits: number;
  readonly heldOutCommits: number;
  readonly places: number;
  /** The edits of each part after which the model is asked. */
  readonly sample: number;
  /** The letters of the parts to measure. */
  readonly parts: string;
  readonly write: boolean;
  readonly verbose: boolean;
}

/** Leads for which precision is shown. The other limits are those of the gate. */
const LEADS = [0.5, 1, 1.5, 2, 2.5, 3, 4];

/** Measures the edits that a model writes where no rule makes any, and prints a report. */
export async function measureModel(options: ModelOptions): Promise<void> {
  const { model, sample, parts } = options;
  const modelPath = model === 'bundled' ? undefined : isFetchable(model) ? await fetchModel(model) : model;
  const session = await openBenchSession({ ...(modelPath ? { modelPath } : {}), contextSizeTokens: 2048 });
  const suggestings: Suggesting[] = [];
  const suggesting = (most = sample): Suggesting => {
    const made = new Suggesting({ session, sample: most });
    suggestings.push(made);
    return made;
  };
  try {
    const tasks = parts.includes('a') ? await runTasks(options.data, suggesting()) : [];
    const replay = parts.includes('b') ? await replayRecording(options.recording, suggesting()) : undefined;
    const own = parts.includes('c')
      ? await runChains(repositoryRoot, { commits: options.commits, suggesting: suggesting(), isSample: true })
      : undefined;
    const heldOut = parts.includes('p')
      ? await runHeldOut(options.packages, options.heldOutCommits, () => ({
          suggesting: suggesting(Math.ceil(sample / 4)),
          isSample: true,
        }))
      : [];
    const packages = heldOut.map(({ chains }) => chains);
    const silence = parts.includes('d') ? await runSilence(repositoryRoot, options.places, suggesting()) : undefined;
    const asked = suggestings.flatMap((each) => each.asked);
    const shown = asked.filter(({ isShown }) => isShown);
    const counts = [...(silence?.values() ?? [])];
    const places = counts.reduce((sum, each) => sum + each.places, 0);
    const silent = counts.reduce((sum, each) => sum + each.places - each.shown, 0);
    const body = `
Changes of one line that a model writes where no rule suggests any ([how](../next-edits.md#changes-that-the-model-writes)).
The limits of the gate were fitted to commits of this repository. Nobody looked at those of the packages.

| measure | figure | goal |
|---|--:|--:|
${rows([
  [
    '(a) right place in the given tasks, with the rules',
    tasks.length > 0 && `${tasks.filter(({ isPlaceRight }) => isPlaceRight).length} of ${tasks.length}`,
    '9 of 11',
  ],
  ['(b) right of those shown in a person’s recorded work', replay && rightShown(replay.shown), '60 %'],
  ['(c) right of those shown after a hunk of a commit here', own && rightOf(own.outcomes), '60 %'],
  [
    '(c) the same in packages that nobody looked at',
    packages.length > 0 && rightOf(packages.flatMap(({ outcomes }) => outcomes)),
    '60 %',
  ],
  ['(d) silent where nothing follows', places > 0 && `${silent} of ${places} (${percent(silent, places)})`, '95 %'],
  ['time until a change is shown, median and 90th percentile', timesOf(shown), '400 ms'],
  ['time where the model is asked, also if it is silent, the same', timesOf(asked), '–'],
])}
${own ? thresholds(own, packages) : ''}`;
    console.log(body);
    if (options.verbose) printOutcomes(own, replay);
    if (options.write)
      await writeReport({
        name: 'next-edits-model',
        title: 'Next edits that a model writes',
        body,
        figures: {
          leastSure: LEAST_SURE,
          asked: asked.length,
          shown: shown.length,
          own: own && countedLines([own]),
          packages: countedLines(packages),
          recording: replay?.shown.map(({ kind, isRight }) => ({ kind, isRight })),
          silence: { places, silent },
        },
        model: session.loaded.name,
        command: `npm run bench:next-edits -- --model ${isFetchable(model) || model === 'bundled' ? model : 'FILE'} --sample ${sample} --write`,
      });
  } finally {
    await session.dispose();
  }
}

function rows(list: readonly (readonly [string, string | false | undefined, string])[]): string {
  return list.flatMap(([name, figure, goal]) => (figure ? [`| ${name} | ${figure} | ${goal} |`] : [])).join('\n');
}

function timesOf(asked: Suggesting['asked']): string | false {
  const times = asked.map(({ ms }) => ms);
  return times.length > 0 && `${quantile(times, 0.5).toFixed(0)} / ${quantile(times, 0.9).toFixed(0)} ms`;
}

function rightShown(shown: readonly { readonly kind: string; readonly isRight: boolean }[]): string {
  const own = shown.filter(({ kind }) => kind === 'model');
  const right = own.filter(({ isRight }) => isRight).length;
  return `${right} of ${own.length} (${percent(right, own.length)})`;
}

function rightOf(outcomes: readonly ChainOutcome[]): string {
  const own = outcomes.filter(({ kind }) => kind === 'model');
  const right = own.reduce((sum, { rightEdits }) => sum + rightEdits, 0);
  return `${right} of ${own.length} (${percent(right, own.length)})`;
}

/** What the model wrote, without lines of other people's code. */
function countedLines(list: readonly Chains[]): readonly object[] {
  return writtenIn(list).map(({ sureness, rightEdits }) => ({ ...sureness, isRight: rightEdits > 0 }));
}

function writtenIn(list: readonly Chains[]): ChainOutcome[] {
  return list.flatMap(({ outcomes, unsure }) => [...outcomes, ...unsure]).filter(({ kind }) => kind === 'model');
}

function thresholds(own: Chains, packages: readonly Chains[]): string {
  const at = (list: readonly Chains[], fits: (sureness: Sureness) => boolean): string =>
    rightOf(writtenIn(list).filter(({ sureness }) => sureness !== undefined && fits(sureness)));
  const { gainNats, worstNats } = LEAST_SURE;
  return `
## (c) Right of the written lines, by the gate's limit

The lead is by how much, in nats, the model prefers its first other token over the present one. The gate also wants a
gain of ${gainNats} nats for the whole line, and a probability of at least ${Math.exp(-worstNats).toFixed(2)} for each token.

| lead of at least | right here | right in the packages | the same without the other two limits |
|--:|--:|--:|--:|
${LEADS.map((lead) => {
  const isFit = (each: Sureness): boolean =>
    each.leadNats >= lead && each.gainNats >= gainNats && each.worstNats <= worstNats;
  return `| ${lead} | ${at([own], isFit)} | ${at(packages, isFit)} | ${at([own, ...packages], (each) => each.leadNats >= lead)} |`;
}).join('\n')}
`;
}

/** Prints what was written after commits of this repository and in the recording, and not in the packages. */
function printOutcomes(own: Chains | undefined, replay: Awaited<ReturnType<typeof replayRecording>> | undefined): void {
  for (const each of own ? [...own.outcomes, ...own.unsure] : [])
    if (each.kind === 'model') console.log(JSON.stringify(each));
  for (const each of replay?.shown ?? []) console.log(JSON.stringify(each));
}
