import { readCursor } from '../../../sidecar/completion/cursor.ts';
import { generateText } from '../../../sidecar/completion/generateText.ts';
import { composePrompt } from '../../../sidecar/completion/prompt/composePrompt.ts';
import { detectFim, type FimFormat } from '../../../sidecar/completion/prompt/fim.ts';
import { budgetOf, promptText } from '../../../sidecar/completion/prompt/prompt.ts';
import { stopAtLineEnd } from '../../../sidecar/completion/stopping.ts';
import { openBenchSession, type BenchSession } from '../benchSession.ts';
import { BUDGET_TOKENS } from '../bundled/gapPrompt.ts';
import type { Gap } from '../bundled/gaps.ts';
import type { BenchModel } from '../bundled/models.ts';
import type { Deadline } from '../kept/deadline.ts';
import { openKept, type KeptTask } from '../kept/keptTask.ts';
import type { KeptResults } from '../kept/keptResults.ts';

export interface PlainResult {
  readonly id: string;
  /** Whether the line equals the removed one, except for white space at its end. */
  readonly exact: boolean;
}

const MAX_NEW_TOKENS = 48;

/** The only way to ask: as editors ask llama.cpp. */
export const plainVariant = 'plain';

/** The kept results: 1 or 0 for each gap. */
export const plainTask: KeptTask<PlainResult> = {
  page: 'infilling',
  name: 'plain',
  settings: [MAX_NEW_TOKENS, BUDGET_TOKENS],
  valueOf: ({ exact }) => Number(exact),
  resultOf: (id, value) => ({ id, exact: value === 1 }),
};

/**
 * Fills gaps greedily with llama.cpp's engine and the plain marks of the model. llama.cpp runs no experts of Chorus, so
 * they are left out. Resolves with the results so far when the time is over.
 */
export async function fillPlainly(
  model: BenchModel,
  gaps: readonly Gap[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, PlainResult>> {
  const kept = (await openKept(model.digest, plainTask, [plainVariant])).get(plainVariant) as KeptResults<PlainResult>;
  if (gaps.some(({ id }) => kept.get(id) === undefined) && !deadline.isOver)
    await fillMissing(model, gaps, { kept, deadline });
  return new Map(gaps.flatMap(({ id }) => (kept.get(id) === undefined ? [] : [[id, kept.get(id) as PlainResult]])));
}

async function fillMissing(
  model: BenchModel,
  gaps: readonly Gap[],
  { kept, deadline }: { readonly kept: KeptResults<PlainResult>; readonly deadline: Deadline },
): Promise<void> {
  const session = await openBenchSession({
    modelPath: model.file,
    engine: 'llama',
    contextSizeTokens: 2 * BUDGET_TOKENS,
  });
  try {
    const fim = await detectFim(session.engine, session.loaded);
    for (const gap of gaps) {
      if (kept.get(gap.id) !== undefined) continue;
      if (deadline.isOver) return;
      const line = await firstLine(session, fim, gap);
      await kept.add({ id: gap.id, exact: line.trimEnd() === gap.expected });
    }
  } finally {
    await session.dispose();
  }
}

async function firstLine({ engine, loaded }: BenchSession, fim: FimFormat | undefined, gap: Gap): Promise<string> {
  const cursor = readCursor({
    uri: `file:///${gap.path}`,
    languageId: gap.languageId,
    text: gap.prefix + gap.suffix,
    offset: gap.prefix.length,
    explicit: false,
    clientKey: 'bench',
    settings: {},
  });
  if (cursor === undefined) throw new Error(`No cursor in ${gap.id}`);
  const { tokens } = await composePrompt({
    engine,
    model: loaded,
    fim,
    text: promptText(cursor, budgetOf(BUDGET_TOKENS)),
    path: gap.path,
    languageId: gap.languageId,
    maxTokens: BUDGET_TOKENS,
    healing: false,
  });
  const generated = await generateText(
    engine,
    {
      sequence: 'bench',
      priority: 'completion',
      tokens,
      maxTokens: MAX_NEW_TOKENS,
      sampling: { temperature: 0 },
      stop: fim?.end,
    },
    { signal: new AbortController().signal, takenBack: '', stopRule: stopAtLineEnd },
  );
  return generated?.text.split('\n', 1)[0] ?? '';
}
