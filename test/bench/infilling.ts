/**
 * Measures exact matches on HumanEval-SingleLineInfilling. A line is removed from a program, and the model writes it
 * greedily with the prompt of completion. The variants are with and without token healing and the text after the
 * cursor.
 *
 *   npx tsx test/bench/infilling.ts [--limit N] [--offset N] [--seed N] [--data FOLDER] [--progress FILE]
 *     [--max-seconds N] [--write]
 *
 * `--seed` shuffles the problems. `--progress` keeps results in a file, so that several short runs add up to a whole
 * run.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { composePrompt } from '../../sidecar/completion/prompt/composePrompt.ts';
import { readCursor } from '../../sidecar/completion/cursor.ts';
import { detectFim, type FimFormat } from '../../sidecar/completion/prompt/fim.ts';
import { generateText } from '../../sidecar/completion/generateText.ts';
import { chooseExtent } from '../../sidecar/completion/multiline.ts';
import { postprocess } from '../../sidecar/completion/postprocess/index.ts';
import { budgetOf, promptText } from '../../sidecar/completion/prompt/prompt.ts';
import { stopAtLineEnd } from '../../sidecar/completion/stopping.ts';
import { type BenchSession, openBenchSession } from './benchSession.ts';
import { type InfillingProblem, readInfillingProblems } from './humanEval.ts';
import { writeReport } from './report.ts';
import { shuffled } from './shuffled.ts';

const BUDGET_TOKENS = 1024;

interface Outcome {
  readonly id: string;
  readonly variant: string;
  /** Whether the model's first line equals the removed line, except for white space at its end. */
  readonly exact: boolean;
  /** Whether the line that completion would show equals it too. */
  readonly shownExact: boolean;
  readonly shown: boolean;
}

const variants = {
  'healing, suffix': { healing: true, suffix: true },
  'healing, no suffix': { healing: true, suffix: false },
  'no healing, suffix': { healing: false, suffix: true },
  'no healing, no suffix': { healing: false, suffix: false },
} as const;
type VariantName = keyof typeof variants;
const variantNames = Object.keys(variants) as VariantName[];

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    limit: { type: 'string' },
    offset: { type: 'string', default: '0' },
    seed: { type: 'string' },
    progress: { type: 'string' },
    'max-seconds': { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

async function chosenProblems(): Promise<InfillingProblem[]> {
  const all = await readInfillingProblems(options.data);
  const ordered = options.seed === undefined ? all : shuffled(all, Number(options.seed));
  const offset = Number(options.offset);
  return ordered.slice(offset, options.limit === undefined ? undefined : offset + Number(options.limit));
}

async function attempt(
  session: BenchSession,
  fim: FimFormat | undefined,
  problem: InfillingProblem,
  variant: VariantName,
): Promise<Outcome> {
  const { healing, suffix: withSuffix } = variants[variant];
  const cursor = readCursor({
    uri: `file:///${problem.task_id}.py`,
    languageId: 'python',
    // The line is removed but not its line break, so the cursor is on an empty line.
    text: withSuffix ? `${problem.prompt}\n${problem.suffix}` : problem.prompt,
    offset: problem.prompt.length,
    explicit: false,
    clientKey: 'bench',
    settings: {},
  });
  if (cursor === undefined) throw new Error(`No cursor in ${problem.task_id}`);
  const text = promptText(cursor, budgetOf(BUDGET_TOKENS));
  const { engine, loaded: model } = session;
  const prompt = await composePrompt({
    engine,
    model,
    fim,
    text,
    path: 'sample.py',
    languageId: 'python',
    maxTokens: BUDGET_TOKENS,
    healing,
  });
  const { maxTokens } = chooseExtent(cursor, { multiline: 'never' });
  const generated = await generateText(
    engine,
    {
      sequence: `bench:${variant}`,
      priority: 'completion',
      tokens: prompt.tokens,
      requiredPrefix: prompt.requiredPrefix || undefined,
      maxTokens,
      sampling: { temperature: 0 },
      stop: fim?.end,
    },
    { signal: new AbortController().signal, takenBack: prompt.requiredPrefix, stopRule: stopAtLineEnd },
  );
  const expected = problem.canonical_solution.trimEnd();
  const line = (generated?.text ?? '').split('\n', 1)[0]?.trimEnd() ?? '';
  const shown = postprocess(generated?.text ?? '', { cursor, multiline: false, ended: generated?.ended ?? false });
  return {
    id: problem.task_id,
    variant,
    exact: line === expected,
    shownExact: shown === expected,
    shown: shown !== '',
  };
}

async function readProgress(): Promise<Outcome[]> {
  if (options.progress === undefined) return [];
  const text = await readFile(options.progress, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Outcome);
}

async function run(session: BenchSession, problems: readonly InfillingProblem[]): Promise<Outcome[]> {
  const outcomes = await readProgress();
  const done = new Set(outcomes.map(({ id, variant }) => `${id} ${variant}`));
  const fim = await detectFim(session.engine, session.loaded);
  const deadline =
    options['max-seconds'] === undefined ? Infinity : performance.now() + Number(options['max-seconds']) * 1000;
  for (const problem of problems) {
    for (const variant of variantNames) {
      if (done.has(`${problem.task_id} ${variant}`)) continue;
      if (performance.now() > deadline) return outcomes;
      const outcome = await attempt(session, fim, problem, variant);
      outcomes.push(outcome);
      if (options.progress !== undefined) await appendFile(options.progress, `${JSON.stringify(outcome)}\n`);
    }
  }
  return outcomes;
}

function summarise(
  outcomes: readonly Outcome[],
): Record<VariantName, { problems: number; exact: number; shownExact: number; shown: number }> {
  const entries = variantNames.map((name) => {
    const own = outcomes.filter(({ variant }) => variant === name);
    const count = (test: (outcome: Outcome) => boolean): number => own.filter(test).length;
    return [
      name,
      {
        problems: own.length,
        exact: count(({ exact }) => exact),
        shownExact: count(({ shownExact }) => shownExact),
        shown: count(({ shown }) => shown),
      },
    ] as const;
  });
  return Object.fromEntries(entries) as ReturnType<typeof summarise>;
}

const problems = await chosenProblems();
const session = await openBenchSession();
try {
  const outcomes = await run(session, problems);
  const summary = summarise(outcomes);
  console.table(summary);
  if (options.write) {
    const rows = Object.entries(summary).map(([name, s]) => {
      const percent = (count: number): string => `${((100 * count) / Math.max(1, s.problems)).toFixed(1)} %`;
      return `| ${name} | ${s.problems} | ${s.exact} (${percent(s.exact)}) | ${s.shownExact} (${percent(s.shownExact)}) | ${percent(s.shown)} |`;
    });
    await writeReport({
      name: 'infilling',
      title: 'Filling in a missing line',
      model: session.loaded.name,
      figures: summary,
      command: 'npx tsx test/bench/infilling.ts --write',
      body: `HumanEval-SingleLineInfilling: one line of a program is missing and the model writes it, greedily. *Exact* counts first lines that equal the
missing one, including indentation but not white space at the end. *Shown exact* counts the same after the filters that every completion
passes, *shown* counts the texts that the filters left. "Healing" takes back the tokens at the cursor, "suffix" adds the text after the cursor.

| prompt | problems | exact | shown exact | shown |
|---|---|---|---|---|
${rows.join('\n')}`,
    });
  }
} finally {
  await session.dispose();
}
