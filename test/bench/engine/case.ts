import { AloneScripts, measureMemory, measureStart } from './alone.ts';
import type { AloneOptions } from './aloneProtocol.ts';
import { Avx2Libraries } from './avx2Libraries.ts';
import { measureDrafting, measureFirstToken } from './extras.ts';
import { ikPython } from './ikPackage.ts';
import { DECODE_TOKENS, measureBusy, measureDepths, PROMPT_TOKENS, type Measured } from './measure.ts';
import { engineModel, type EngineModel } from './models.ts';
import { DISTURBING_SHARE } from './otherLoad.ts';
import { PeerError, type PeerOptions } from './peer.ts';
import type { Case, Extra, ExtraRow, Kept, Provenance, SpeedRow, Test } from './rows.ts';
import { Turns } from './turns.ts';
import { chorusEnvironment, ENGINES, type EngineName } from './variants.ts';

const TESTS = ['prompt', 'decode', 'busy'] as const satisfies readonly Test[];
const EXTRAS = ['start', 'first-token', 'memory', 'drafting'] as const satisfies readonly Extra['test'][];
export const PARTS = [...TESTS, ...EXTRAS];
type Part = (typeof PARTS)[number];

/** The rows of the cache for memory, starts and drafts. */
const ALONE_CONTEXT_TOKENS = 5_120;
/** A context has whole steps of rows. */
const CONTEXT_STEP = 512;

export interface CaseOptions extends Omit<Case, 'model'> {
  readonly depths: readonly number[];
  readonly rounds: number;
  readonly sliceTokens: number;
  readonly parts: readonly Part[];
  readonly engines: readonly EngineName[];
  readonly provenance: Provenance;
}

/** Measures a model with a number of threads and a choice of instructions. Returns the rows. */
export async function measureCase(argument: string, options: CaseOptions): Promise<Kept> {
  const { threads, variant, parts, provenance } = options;
  const model = await engineModel(argument);
  const ofCase = { model: model.name, threads, variant, ...provenance };
  console.error(`${model.name}, ${threads} threads, ${variant}`);
  await using libraries = variant === 'avx2' ? await Avx2Libraries.make() : undefined;
  const packageRoot = libraries?.packageRoot;
  const speeds: SpeedRow[] = [];
  if (TESTS.some((test) => parts.includes(test)))
    speeds.push(...(await measureSpeeds(model, { ...options, packageRoot })).map((row) => ({ ...ofCase, ...row })));
  const extras: ExtraRow[] = [];
  for (const extra of await measureExtras(model, { ...options, packageRoot })) {
    console.error(JSON.stringify(extra));
    extras.push({ ...ofCase, ...extra });
  }
  return { speeds, extras };
}

type InFolder = CaseOptions & { readonly packageRoot: string | undefined };

async function measureSpeeds(
  model: EngineModel,
  options: InFolder,
): Promise<readonly Omit<SpeedRow, keyof Case | keyof Provenance>[]> {
  const { depths, rounds, sliceTokens, parts } = options;
  const tests = TESTS.filter((test) => parts.includes(test));
  await using turns = new Turns();
  for (const name of options.engines) await turns.add(name, () => peerOptions(name, model, options));
  const rows: Measured[] = [];
  const onRow = (row: Measured): void => {
    console.error(JSON.stringify(row));
    if (row.test !== 'busy' && row.otherShare > DISTURBING_SHARE)
      console.error(`Other processes used ${(100 * row.otherShare).toFixed(0)} % of the machine: measure again.`);
    rows.push(row);
  };
  const { libraries } = turns;
  const agreement = await turns.agreement(PROMPT_TOKENS);
  if (tests.some((test) => test !== 'busy')) await measureDepths(turns, { depths, tests, rounds, sliceTokens }, onRow);
  if (tests.includes('busy')) onRow(await measureBusy(turns, rounds));
  const { waitingShare } = turns;
  return rows.map((row) => ({ ...row, libraries, agreement, sliceTokens, waitingShare, absent: absentOf(turns, row) }));
}

/** Returns the reasons of a row's empty cells. An engine that failed later has figures in this row. */
function absentOf(turns: Turns, { speeds }: Measured): SpeedRow['absent'] {
  return Object.fromEntries([...turns.absent].filter(([name]) => speeds[name] === undefined));
}

/** Throws `IkPackageError`, or `PeerError` for a model that the engine can't run. */
async function peerOptions(name: EngineName, model: EngineModel, options: InFolder): Promise<PeerOptions> {
  const { threads, variant, depths, packageRoot } = options;
  const tokens = Math.max(0, ...depths) + Math.max(PROMPT_TOKENS, DECODE_TOKENS);
  const contextTokens = Math.ceil(tokens / CONTEXT_STEP) * CONTEXT_STEP;
  const { engine } = ENGINES[name];
  const common: PeerOptions = {
    engine,
    model: model.file,
    experts: model.experts,
    threads,
    contextTokens,
    packageRoot,
  };
  switch (name) {
    case 'chorus':
    case 'chorus-ggml':
      return { ...common, environment: chorusEnvironment(name, variant) };
    case 'libllama':
      return common;
    case 'libllama-plain':
      return { ...common, flashAttention: false };
    case 'ik':
      if (model.experts !== undefined) throw new PeerError('It is measured without experts.');
      return { ...common, python: await ikPython() };
  }
}

async function measureExtras(
  model: EngineModel,
  { threads, variant, parts, rounds, packageRoot }: InFolder,
): Promise<readonly Extra[]> {
  const { file, experts } = model;
  const options: AloneOptions = { model: file, experts, threads, packageRoot, contextTokens: ALONE_CONTEXT_TOKENS };
  const environment = chorusEnvironment('chorus', variant);
  const extras: Extra[] = [];
  if (parts.includes('start') || parts.includes('memory')) {
    await using scripts = await AloneScripts.bundle();
    if (parts.includes('start')) extras.push(await measureStart(scripts, { options, environment, rounds }));
    if (parts.includes('memory')) extras.push(await measureMemory(scripts, { options, environment }));
  }
  // The product's process has no choice of libraries.
  if (parts.includes('first-token') && model.isBundled && variant === 'best')
    extras.push(await measureFirstToken(model, threads));
  if (parts.includes('drafting')) extras.push(await measureDrafting(options, environment));
  return extras;
}
