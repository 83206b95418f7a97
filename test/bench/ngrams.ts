/**
 * Measures the gain of n-grams over a workspace's tokens, at lines of held-out packages that need another file (as in
 * `bench:completion`). All results are counts, which other load does not change.
 *
 * - Evaluations: those for writing the line and the 200 tokens from there on, with drafts from the prompt or also from
 *   whole files of the package.
 * - Nats and right tokens of the line and of those 200 tokens: by the network alone, or interpolated with the
 *   continuations of the longest match in the prompt or in whole files. Weights are fitted on every other package and
 *   used for the rest.
 *
 *   npm run bench:ngrams -- [MODEL …] [--places 40] [--drafts-only] [--seconds LIMIT] [--seed 1] [--write]
 *
 * The default models are the seed and the bundled model. Drafts take a second per place, since the written text is
 * known. The rest needs the network. Results are stored at once.
 */
import { parseArgs } from 'node:util';
import type { ContextPrompt } from '../../sidecar/completion/prompt/promptMaker.ts';
import type { CompletionRequest } from '../../sidecar/completion/request.ts';
import { commonPrefixLength } from '../../sidecar/common/commonPrefix.ts';
import { NgramIndex } from '../../sidecar/models/decoding/ngramIndex.ts';
import { BATCH_TOKENS } from '../../sidecar/models/chorus/network/batchTokens.ts';
import type { Network } from '../../sidecar/models/chorus/network/network.ts';
import { type BenchNetworks, inParallel, openForBench } from './bundled/benchNetworks.ts';
import { modelsAsked } from './bundled/models.ts';
import { Deadline } from './kept/deadline.ts';
import { KeptResults } from './kept/keptResults.ts';
import { promptOf, requestOf } from './completion/arms.ts';
import { type Place, heldOutPlaces } from './completion/places.ts';
import { type PackageWorkspace, packageWorkspace, textsFor } from './completion/packageWorkspace.ts';
import { openChosen } from './contextQuality/chosenSequence.ts';
import { recordToken, type TokenRecord } from './ngrams/cacheModel.ts';
import { countEvaluations, type DraftCounts } from './ngrams/drafts.ts';
import { figuresOf, type NgramsOfModel, reportOf } from './ngrams/figures.ts';
import type { DraftResult, TokenResult } from './ngrams/results.ts';
import { writeReport } from './report.ts';

type Prompt = Pick<ContextPrompt, 'tokens' | 'before' | 'requiredPrefix'>;

const BLOCK_TOKENS = 200;
/** The speed in tokens per second that limits prompts, whatever this machine does. */
const PROMPT_SPEED = 350;
/** The tokens of other files in a prompt. */
const CONTEXT_TOKENS = 1_024;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    places: { type: 'string', default: '40' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    'drafts-only': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const deadline = new Deadline(options.seconds === undefined ? undefined : Number(options.seconds));
const places = await heldOutPlaces(Number(options.places), Number(options.seed));
const measured: NgramsOfModel[] = [];
for (const { file } of await modelsAsked(positionals)) measured.push(await measure(file));
console.log(reportOf(measured));
if (options.write) {
  const command = `npm run bench:ngrams -- --places ${options.places} --seed ${options.seed}${options['drafts-only'] ? ' --drafts-only' : ''} --write`;
  await writeReport({
    name: 'ngrams',
    title: 'N-grams over a workspace',
    body: reportOf(measured),
    figures: measured,
    model: measured.map(({ model }) => model).join(', '),
    command,
  });
}

async function measure(modelPath: string): Promise<NgramsOfModel> {
  await using opened = await openForBench({ file: modelPath }, { capacityTokens: 256 });
  const { name } = opened.loaded;
  const keptBy = name.replaceAll(/\W+/g, '-');
  const drafts = await KeptResults.open<DraftResult>(keptBy, 'ngram-drafts-of-texts');
  const tokens = await KeptResults.open<TokenResult>(keptBy, 'ngram-tokens-of-texts');
  await inParallel(places, opened.networks, async (place, { network }) => {
    if (deadline.isOver) return;
    if (drafts.get(place.id) === undefined) await drafts.add(await measureDrafts(opened, place));
    if (!options['drafts-only'] && tokens.get(place.id) === undefined)
      await tokens.add(await measureTokens(opened, network, place));
    console.log(place.id);
  });
  return {
    model: name,
    ...figuresOf(
      places.flatMap(({ id }) => drafts.get(id) ?? []),
      places.flatMap(({ id }) => tokens.get(id) ?? []),
    ),
  };
}

/** Returns the request at a place, with few tokens of other files or none. */
function requestAt(place: Place, prompt: 'file' | 'workspace', workspace: PackageWorkspace): CompletionRequest {
  return { ...requestOf(place, prompt, workspace), contextSettings: { maxTokens: CONTEXT_TOKENS } };
}

async function recordsOf(
  { text }: BenchNetworks,
  network: Network,
  { prompt, block, files }: { prompt: Prompt; block: readonly number[]; files: readonly (readonly number[])[] },
): Promise<TokenResult['file']> {
  const given = [...prompt.tokens, ...block.slice(0, -1)];
  using chosen = await openChosen(network, text, { cache: 'full', contextTokens: given.length });
  const { sequence } = chosen;
  const read = prompt.tokens.length - 1;
  for (let start = 0; start < read; start += BATCH_TOKENS)
    await sequence.forward(prompt.tokens.slice(start, Math.min(read, start + BATCH_TOKENS)), {
      wanted: 'none',
      isAnswer: false,
    });
  const logits = await sequence.forward(given.slice(read), { wanted: 'all', isAnswer: false });
  const vocabularySize = logits.length / block.length;
  const recordsBy = (texts: readonly (readonly number[])[]): readonly TokenRecord[] => {
    const index = new NgramIndex(texts);
    return block.map((token, at) =>
      recordToken(
        logits.subarray(at * vocabularySize, (at + 1) * vocabularySize),
        index,
        [...prompt.before, ...block.slice(0, at)],
        token,
      ),
    );
  };
  return { prompt: recordsBy([prompt.tokens]), files: recordsBy(files) };
}

async function measureDrafts(model: BenchNetworks, place: Place): Promise<DraftResult> {
  await using opened = await packageWorkspace(place);
  const request = requestAt(place, 'workspace', opened);
  const prompt = await promptOf(model, request, PROMPT_SPEED);
  const others = new NgramIndex(await textsFor(model.engine, request));
  const { block, lineTokens } = await writtenAt(model, place, prompt);
  const line = block.slice(0, lineTokens);
  const countsOf = (output: readonly number[]): Record<'prompt' | 'files', DraftCounts> => ({
    prompt: countEvaluations(prompt.tokens, output),
    files: countEvaluations(prompt.tokens, output, others),
  });
  return { id: place.id, line: countsOf(line), block: countsOf(block) };
}

async function measureTokens(model: BenchNetworks, network: Network, place: Place): Promise<TokenResult> {
  await using opened = await packageWorkspace(place);
  const request = requestAt(place, 'workspace', opened);
  const files = await textsFor(model.engine, request);
  const [alone, whole] = [
    await promptOf(model, requestAt(place, 'file', opened), PROMPT_SPEED),
    await promptOf(model, request, PROMPT_SPEED),
  ];
  // Both prompts have the same end in the document.
  const { block, lineTokens } = await writtenAt(model, place, whole);
  return {
    id: place.id,
    packageName: place.id.slice(0, place.id.indexOf(`/${place.path}`)),
    lineTokens,
    file: await recordsOf(model, network, { prompt: alone, block, files }),
    workspace: await recordsOf(model, network, { prompt: whole, block, files }),
  };
}

/** Returns the package's text at a place: the line and the text after it. */
async function writtenAt(
  { engine }: BenchNetworks,
  place: Place,
  { requiredPrefix }: Prompt,
): Promise<{ readonly block: readonly number[]; readonly lineTokens: number }> {
  const block = (await engine.tokenize(requiredPrefix + place.line + place.after)).slice(0, BLOCK_TOKENS);
  return { block, lineTokens: commonPrefixLength(block, await engine.tokenize(`${requiredPrefix}${place.line}\n`)) };
}
