import { createHash } from 'node:crypto';
import { composePrompt } from '../../../sidecar/completion/composePrompt.ts';
import { readCursor } from '../../../sidecar/completion/cursor.ts';
import { detectFim, type FimFormat } from '../../../sidecar/completion/fim.ts';
import { generateText } from '../../../sidecar/completion/generateText.ts';
import { budgetOf, promptText } from '../../../sidecar/completion/prompt.ts';
import type { StopRule } from '../../../sidecar/completion/stopping.ts';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import type { LoadedModel } from '../../../sidecar/protocol/engine.ts';
import type { Gap } from './gaps.ts';
import { type Deadline, KeptResults } from './kept.ts';
import type { BenchModel } from './models.ts';

export interface GapResult {
  readonly id: string;
  /** The line is the one that was taken out, white space at its end aside. */
  readonly exact: boolean;
  /** Of the prompt: another prompt asks anew. */
  readonly prompt: string;
}

export interface FillOptions {
  /** Without what stands after the cursor. */
  readonly leftToRight?: boolean;
  readonly deadline: Deadline;
  readonly onDone?: (done: number, exact: number) => void;
}

/** Short, because every prompt is evaluated anew: what completion takes is more. */
const BUDGET_TOKENS = 384;
const MAX_NEW_TOKENS = 48;

/** Fills gaps greedily through the prompt that completion makes. Resolves with the results there are when the time is over. */
export async function fillGaps(model: BenchModel, gaps: readonly Gap[], options: FillOptions): Promise<ReadonlyMap<string, GapResult>> {
  const kept = await KeptResults.open<GapResult>(model.digest, options.leftToRight ? 'gaps-left-to-right' : 'gaps');
  const results = new Map<string, GapResult>();
  await using session = await openSession(model);
  let exact = 0;
  for (const gap of gaps) {
    const result = await fill(session, gap, { kept, leftToRight: options.leftToRight ?? false, isOver: options.deadline.isOver });
    if (!result) continue;
    results.set(gap.id, result);
    if (result.exact) exact++;
    options.onDone?.(results.size, exact);
  }
  return results;
}

interface Session extends AsyncDisposable {
  readonly engine: EngineProcess;
  readonly loaded: LoadedModel;
  readonly fim: FimFormat | undefined;
}

async function openSession({ file }: BenchModel): Promise<Session> {
  const engine = new EngineProcess();
  const loaded = await engine.load({ modelPath: file, engine: 'auto', device: 'auto', threads: 0, contextSizeTokens: 2 * BUDGET_TOKENS });
  return { engine, loaded, fim: await detectFim(engine, loaded), [Symbol.asyncDispose]: () => engine.dispose() };
}

async function fill({ engine, loaded, fim }: Session, gap: Gap, options: { kept: KeptResults<GapResult>; leftToRight: boolean; isOver: boolean }): Promise<GapResult | undefined> {
  const { path, languageId, expected } = gap;
  const text = options.leftToRight ? gap.prefix : gap.prefix + gap.suffix;
  const cursor = readCursor({ uri: `file:///${path}`, languageId, text, offset: gap.prefix.length, explicit: false, clientKey: 'bench', settings: {} });
  if (cursor === undefined) throw new Error(`No cursor in ${gap.id}`);
  const surroundings = promptText(cursor, budgetOf(BUDGET_TOKENS));
  const { tokens, requiredPrefix } = await composePrompt({ engine, model: loaded, fim, text: surroundings, path, languageId, maxTokens: BUDGET_TOKENS });
  const prompt = createHash('sha1').update(`${tokens.join()} ${requiredPrefix}`).digest('hex').slice(0, 12);
  const known = options.kept.get(gap.id);
  if (known?.prompt === prompt) return known;
  if (options.isOver) return undefined;

  const generated = await generateText(
    engine,
    { sequence: 'bench', priority: 'completion', tokens, requiredPrefix: requiredPrefix || undefined, maxTokens: MAX_NEW_TOKENS, sampling: { temperature: 0 }, stop: fim?.end },
    { signal: new AbortController().signal, takenBack: requiredPrefix, stopRule: stopWhenDecided(expected) },
  );
  const line = (generated?.text ?? '').split('\n', 1)[0]?.trimEnd() ?? '';
  const result: GapResult = { id: gap.id, exact: line === expected, prompt };
  await options.kept.add(result);
  return result;
}

/** The line is done, or can no longer become the expected one. */
function stopWhenDecided(expected: string): StopRule {
  return (text) => text.includes('\n') || !(expected.startsWith(text) || (text.startsWith(expected) && text.slice(expected.length).trim() === ''));
}
