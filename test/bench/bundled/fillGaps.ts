import { detectFim } from '../../../sidecar/completion/prompt/fim.ts';
import type { StopRule } from '../../../sidecar/completion/stopping.ts';
import { OutputStart } from '../../../sidecar/models/decoding/outputStart.ts';
import { TokenIndex } from '../../../sidecar/models/decoding/tokenIndex.ts';
import type { OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { inParallel, openForBench } from './benchNetworks.ts';
import { type AskedModel, BUDGET_TOKENS, type GapPrompt, gapPrompt } from './gapPrompt.ts';
import type { Gap } from './gaps.ts';
import { logitsBehind, natsOfGap } from './natsOfGap.ts';
import type { BenchModel } from './models.ts';
import type { Deadline } from '../kept/deadline.ts';
import type { KeptResults } from '../kept/keptResults.ts';
import { openKept, type KeptTask } from '../kept/keptTask.ts';

export interface GapResult {
  readonly id: string;
  /** Whether the line equals the removed one, except for white space at its end. */
  readonly exact: boolean;
  /** The same if the model guesses the line's indentation. */
  readonly exactWhenGuessed: boolean;
  /** The nats of the missing text and the end of its line. */
  readonly nats: number;
  /** The digest of the prompt. A changed prompt is evaluated again. */
  readonly prompt: string;
}

export interface FillOptions {
  readonly deadline: Deadline;
  readonly onDone?: (done: number, exact: number) => void;
}

const MAX_NEW_TOKENS = 48;

/** The only way to ask: as completion does. */
export const gapVariant = 'completion';

/** The kept results: 1 or 0 for each gap, its nats, and its prompt's digest. */
export const gapTask: KeptTask<GapResult> = {
  page: 'bundled-model',
  name: 'gaps',
  settings: ['nats', 'indentation'],
  valueOf: ({ exact, exactWhenGuessed, nats, prompt }) =>
    `${Number(exact)} ${Number(exactWhenGuessed)} ${nats.toFixed(2)} ${prompt}`,
  resultOf: (id, value) => {
    const [exact, guessed, nats, prompt] = String(value).split(' ') as [string, string, string, string];
    return { id, exact: exact === '1', exactWhenGuessed: guessed === '1', nats: Number(nats), prompt };
  },
};

/** Fills gaps greedily with the prompt of completion. Resolves with the results so far when the time is over. */
export async function fillGaps(
  model: BenchModel,
  gaps: readonly Gap[],
  options: FillOptions,
): Promise<ReadonlyMap<string, GapResult>> {
  const kept = (await openKept(model.digest, gapTask, [gapVariant])).get(gapVariant) as KeptResults<GapResult>;
  const results = new Map<string, GapResult>();
  await using opened = await openForBench(model, { capacityTokens: 2 * BUDGET_TOKENS });
  const asked: AskedModel = {
    opened,
    fim: await detectFim(opened.engine, opened.loaded),
    index: new TokenIndex(opened.text.vocabulary),
  };
  let exact = 0;
  await inParallel(gaps, opened.networks, async (gap, network) => {
    const prompt = await gapPrompt(asked, gap);
    let result = kept.get(gap.id);
    if (result?.prompt !== prompt.digest) {
      if (options.deadline.isOver) return;
      const isExact = async (indentations: readonly string[] | undefined): Promise<boolean> => {
        const text = await continued(asked, network, { ...prompt, indentations }, stopWhenDecided(gap.expected));
        return text.split('\n', 1)[0]?.trimEnd() === gap.expected;
      };
      const exactWhenGuessed = await isExact(undefined);
      const exact = prompt.indentations === undefined ? exactWhenGuessed : await isExact(prompt.indentations);
      const nats = await natsOfGap(asked, network, {
        requiredPrefix: prompt.requiredPrefix,
        expected: gap.expected,
        // The sequence was continued behind the prompt.
        first: await logitsBehind(network, prompt.tokens),
      });
      result = { id: gap.id, exact, exactWhenGuessed, nats, prompt: prompt.digest };
      await kept.add(result);
    }
    results.set(gap.id, result);
    if (result.exact) exact++;
    options.onDone?.(results.size, exact);
  });
  return results;
}

/** Returns the greedy continuation up to the stop rule, without the text that healing took back. */
async function continued(
  { opened, index }: AskedModel,
  { network, sequence }: OpenedNetwork,
  prompt: GapPrompt,
  stopRule: StopRule,
): Promise<string> {
  const { vocabulary, special } = opened.text;
  const start = new OutputStart(index, prompt);
  const bytes: Uint8Array[] = [];
  let own = '';
  let logits = await logitsBehind({ network, sequence }, prompt.tokens);
  for (let count = 0; count < MAX_NEW_TOKENS; count++) {
    const token = likeliest(logits, start.allowed);
    if (token === undefined || special.endOfGeneration.includes(token)) break;
    start.accept(token);
    bytes.push(vocabulary.tokenBytes(token));
    const text = Buffer.concat(bytes).toString('utf8');
    own = text.startsWith(prompt.requiredPrefix) ? text.slice(prompt.requiredPrefix.length) : '';
    if (own !== '' && stopRule(own)) break;
    logits = await network.evaluate(sequence, [token], 'last');
  }
  return own;
}

function likeliest(logits: Float32Array, allowed: ReadonlySet<number> | undefined): number | undefined {
  let best: number | undefined;
  let most = -Infinity;
  const consider = (token: number): void => {
    const logit = logits[token] as number;
    if (logit <= most) return;
    most = logit;
    best = token;
  };
  if (allowed) allowed.forEach(consider);
  else for (let token = 0; token < logits.length; token++) consider(token);
  return best;
}

/** Stops when the line is complete, or can no longer become the expected one. */
function stopWhenDecided(expected: string): StopRule {
  return (text) =>
    text.includes('\n') ||
    !(expected.startsWith(text) || (text.startsWith(expected) && text.slice(expected.length).trim() === ''));
}
