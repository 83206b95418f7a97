import { readCursor } from '../../../sidecar/completion/cursor.ts';
import { identifiersOf } from '../../../sidecar/workspaceIndex/terms.ts';
import { type ContextPrompt, PromptMaker } from '../../../sidecar/completion/prompt/promptMaker.ts';
import { NGRAM_WEIGHTS } from '../../../sidecar/models/decoding/ngramModel.ts';
import type { OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import type { ModelText } from '../../../sidecar/models/modelText.ts';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';
import type { TokenId } from '../../../sidecar/protocol/engine.ts';
import { RETRIEVAL_SEQUENCE } from '../../../sidecar/workshop/retrieval/continuation.ts';
import type { BenchNetworks } from '../bundled/benchNetworks.ts';
import { type ChosenSequence, openChosen, readsEverything, readTogether } from '../contextQuality/chosenSequence.ts';
import { keptBy } from '../contextQuality/choices.ts';
import type { KeptTask } from '../kept/keptTask.ts';
import { similarityOf } from './similarity.ts';
import type { PackageWorkspace } from './packageWorkspace.ts';
import { uriOf } from './packageWorkspace.ts';
import type { Place } from './places.ts';

/**
 * The contents of a prompt. It has the last line alone, the file before the place, or also the text after the line. The
 * last kind has the file before the place and the workspace.
 */
export const PROMPTS = ['line', 'file', 'document', 'workspace'] as const;

/**
 * A prompt, the cache that keeps a part of it ("full", "snapkv:1024"), and whether the n-grams of whole files count
 * beside the model.
 */
export interface Arm {
  readonly prompt: (typeof PROMPTS)[number];
  readonly cache: string;
  readonly withNgrams: boolean;
}

export interface PlaceResult {
  readonly id: string;
  readonly isExact: boolean;
  /** From 0 to 1: 1 minus the edit distance divided by the longer text's length. */
  readonly similarity: number;
  /** Whether the written text contains the name that the line needs. */
  readonly hasName: boolean;
  /** Whether it lacks that name and has a name that only another file of the prompt contains, not the document. */
  readonly isOfWrongFile: boolean;
  /** The number of units at the beginning that equal the line. A user accepts them word by word. */
  readonly agreedUnits: number;
  /** The tokens of other files in the prompt. */
  readonly contextTokens: number;
}

const MAX_TOKENS = 48;
/** The name and version of the whole files. */
const TEXTS = 'files';
const CONTEXT_LINES = 2;
/** The assumed speed in tokens per second. Prompts are as long as on such a machine, whatever this one does. */
const BENCH_SPEED = 700;
/** Increased when the method changes, so that kept results of two methods are not mixed. */
const VERSION = 2;

/** How outcomes at places are kept: only figures, since the written text may repeat a package's text. */
export const placeResultCodec: Pick<KeptTask<PlaceResult>, 'valueOf' | 'resultOf'> = {
  valueOf: ({ isExact, similarity, hasName, isOfWrongFile, agreedUnits, contextTokens }) =>
    [...[isExact, hasName, isOfWrongFile].map(Number), similarity.toFixed(4), agreedUnits, contextTokens].join(' '),
  resultOf: (id, value) => {
    const [isExact, hasName, isOfWrongFile, similarity, agreedUnits, contextTokens] = String(value)
      .split(' ')
      .map(Number) as [number, number, number, number, number, number];
    return {
      id,
      isExact: isExact === 1,
      hasName: hasName === 1,
      isOfWrongFile: isOfWrongFile === 1,
      similarity,
      agreedUnits,
      contextTokens,
    };
  },
};

export const completionTask: KeptTask<PlaceResult> = {
  page: 'completion',
  name: 'cross-file',
  settings: [VERSION, MAX_TOKENS, CONTEXT_LINES, BENCH_SPEED],
  ...placeResultCodec,
};

/**
 * Returns the key of an arm's results. It contains the defaults of a cache and the weights, since they change the
 * results.
 */
export const variantOf = ({ prompt, cache, withNgrams }: Arm): string =>
  `${prompt} ${keptBy(cache)}${withNgrams ? ` ngrams ${NGRAM_WEIGHTS.join(' ')}` : ''}`;

/**
 * Returns the request at a place whose prompt has the text on both sides, and at most `contextTokens` tokens of other
 * files. So completion asks models with fill-in-the-middle marks.
 */
export function requestWithContext(
  place: Place,
  { workspace }: PackageWorkspace,
  contextTokens: number,
): CompletionRequest {
  return {
    ...requestOf(place, 'document', { workspace }),
    clientKey: `${contextTokens}:${place.id}`,
    workspace: contextTokens > 0 ? workspace : undefined,
    contextSettings: { maxTokens: contextTokens },
  };
}

/** Returns the request at a place, as an editor sends it. */
export function requestOf(
  place: Place,
  prompt: Arm['prompt'],
  { workspace }: Pick<PackageWorkspace, 'workspace'>,
): CompletionRequest {
  const text =
    prompt === 'line'
      ? place.before
          .split('\n')
          .slice(-1 - CONTEXT_LINES)
          .join('\n')
      : place.before;
  return {
    uri: uriOf(place.path),
    languageId: place.languageId,
    text: prompt === 'document' ? text + place.after : text,
    offset: text.length,
    explicit: false,
    clientKey: `${prompt}:${place.id}`,
    settings: {},
    workspace: prompt === 'workspace' ? workspace : undefined,
  };
}

/** Returns the prompt for a place's line. It is the product's, with the whole context, as after a pause. */
export async function promptOf(
  { engine, loaded }: Pick<BenchNetworks, 'engine' | 'loaded'>,
  request: CompletionRequest,
  tokensPerSecond = BENCH_SPEED,
): Promise<ContextPrompt> {
  const cursor = readCursor(request);
  if (cursor === undefined) throw new Error(`No cursor at ${request.clientKey}`);
  const prompts = new PromptMaker({
    session: { engine },
    now: () => performance.now(),
    newTokens: (_, tokens) => tokens.length,
    onOtherModel: () => undefined,
    speeds: { of: () => tokensPerSecond, note: () => undefined },
  });
  // As on a machine whose memory holds the model's whole training context.
  const model = { ...loaded, contextSizeTokens: loaded.trainContextTokens };
  return prompts.make({
    request,
    cursor,
    model,
    fim: await prompts.fimOf(model),
    extent: { multiline: false, maxTokens: MAX_TOKENS },
    purpose: 'readingAhead',
  });
}

/**
 * Writes the line at a place by all arms of one prompt. Caches that read everything read the prompt once together, and
 * each cache reads it once for its arms. `texts` are whole files.
 */
export async function completePlace<Asked extends Pick<Arm, 'cache' | 'withNgrams'>>(
  { network }: OpenedNetwork,
  text: ModelText,
  {
    place,
    prompt,
    arms,
    texts,
  }: {
    readonly place: Place;
    readonly prompt: ContextPrompt;
    readonly arms: readonly Asked[];
    readonly texts: readonly (readonly TokenId[])[];
  },
): Promise<ReadonlyMap<Asked, PlaceResult>> {
  const contextTokens = prompt.tokens.length + 2 * MAX_TOKENS;
  const results = new Map<Asked, PlaceResult>();
  const complete = async (cache: string, { engine }: ChosenSequence): Promise<void> => {
    await engine.setTexts({ name: TEXTS, version: TEXTS, texts });
    for (const arm of arms.filter((each) => each.cache === cache)) {
      const { text: written } = await engine.generate({
        sequence: RETRIEVAL_SEQUENCE,
        priority: 'completion',
        tokens: prompt.tokens,
        requiredPrefix: prompt.requiredPrefix || undefined,
        maxTokens: MAX_TOKENS,
        sampling: { temperature: 0 },
        ...(arm.withNgrams ? { texts: TEXTS, ngrams: { version: TEXTS, before: prompt.before } } : {}),
      });
      results.set(arm, judged(place, prompt, firstLine(written.slice(prompt.requiredPrefix.length))));
    }
  };
  const caches = [...new Set(arms.map(({ cache }) => cache))];
  const together = caches.filter(readsEverything);
  if (together.length > 0) {
    // The last token of a prompt is the first evaluation of an answer.
    using sequences = await readTogether(network, text, {
      caches: together,
      prompts: [prompt.tokens.slice(0, -1)],
      contextTokens,
    });
    for (const [cache, chosen] of sequences.byPrompt[0] ?? []) await complete(cache, chosen);
  }
  for (const cache of caches.filter((each) => !together.includes(each))) {
    using chosen = await openChosen(network, text, { cache, contextTokens });
    await complete(cache, chosen);
  }
  return results;
}

function judged(place: Place, prompt: ContextPrompt, written: string): PlaceResult {
  const hasName = new RegExp(`(?<![\\w$])${place.name.replaceAll('$', '\\$')}(?![\\w$])`).test(written);
  const own = new Set(identifiersOf(place.before));
  const others = new Set(prompt.context.flatMap(({ snippet }) => identifiersOf(snippet.text)));
  return {
    id: place.id,
    isExact: normal(written) === normal(place.line),
    similarity: similarityOf(normal(written), normal(place.line)),
    hasName,
    isOfWrongFile: !hasName && identifiersOf(written).some((name) => !own.has(name) && others.has(name)),
    agreedUnits: commonLength(written, place.line),
    contextTokens: prompt.contextTokens,
  };
}

function firstLine(text: string): string {
  return (text.trimStart().split('\n')[0] ?? '').trim();
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}

function normal(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
