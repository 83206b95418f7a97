import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FORM_KEY, MIXTURE_FORMS, type MixtureForm } from '../../../sidecar/models/adapters/expertMixture.ts';
import { copiedMetadata, type GgufEntry } from '../../../sidecar/models/gguf/content.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';
import type { LowRankUpcycleParams } from '../../../sidecar/workshop/protocol.ts';
import { upcycleLowRank } from '../../../sidecar/workshop/upcycle/lowRank/upcycleLowRank.ts';
import { DOMAINS, textsOf, type Domain } from './domains.ts';
import type { ExpertsOverShared } from './expertsOverShared.ts';

/** Adapters over the base for the texts of each domain. */
export interface Arm {
  readonly name: string;
  readonly adaptersFor: (domain: Domain) => readonly string[];
}

export const BASE_ARM = 'the base';
export const SINGLE_ARM = 'one adapter for all, of equal bytes';

export interface TrainedAdapters {
  readonly modelPath: string;
  /** The folder for mixtures. */
  readonly folder: string;
  readonly all: string;
  /** Experts and routers that were trained together on the texts of all domains. Absent: none were. */
  readonly together?: string;
  readonly byDomain: Readonly<Record<Domain, string>>;
  readonly overShared: ExpertsOverShared;
}

type Gates = Pick<LowRankUpcycleParams, 'gates' | 'expertsUsed'>;
const GATE_TOKENS = 8_192;
const GATE_TEXT_TOKENS = 1_024;
const RIDGE = 0.01;
const TEMPERATURE = 0.1;

/** Makes mixtures of the domains' adapters, and returns all arms of the comparison. */
export async function makeArms(trained: TrainedAdapters): Promise<readonly Arm[]> {
  const closedForm = await closedFormGates();
  const gates: Readonly<Record<string, Gates>> = {
    'equal gates': { gates: { kind: 'zero' }, expertsUsed: 0 },
    'gates in closed form': { gates: closedForm, expertsUsed: 0 },
    'the best gate in closed form': { gates: closedForm, expertsUsed: 1 },
  };
  const arms: Arm[] = [
    { name: BASE_ARM, adaptersFor: () => [] },
    { name: SINGLE_ARM, adaptersFor: () => [trained.all] },
    { name: 'the adapter of the domain, known', adaptersFor: (domain) => [trained.byDomain[domain]] },
    ...(trained.together === undefined
      ? []
      : [{ name: 'mixture of projections, trained together', adaptersFor: () => [trained.together as string] }]),
  ];
  for (const [name, { expertsUsed, ...chosen }] of Object.entries(gates)) {
    const made = await mixtureOf(trained, chosen.gates, `gates ${chosen.gates.kind}`);
    for (const form of MIXTURE_FORMS) {
      const file = path.join(trained.folder, `${form} ${name}.gguf`);
      await copyWithKeys(made, file, { form, expertsUsed });
      arms.push({ name: `mixture of ${form}, ${name}`, adaptersFor: () => [file] });
    }
  }
  return [...arms, ...(await armsOverShared(trained, gates))];
}

/** A shared adapter counts for every token. Gates weigh the experts over it. */
async function armsOverShared(
  { modelPath, folder, overShared: { all, shared, byDomain } }: TrainedAdapters,
  gates: Readonly<Record<string, Gates>>,
): Promise<readonly Arm[]> {
  const arms: Arm[] = [
    { name: 'one adapter for all, its texts twice', adaptersFor: () => [all] },
    { name: 'the shared adapter alone', adaptersFor: () => [shared] },
    {
      name: 'the shared adapter and the expert of the domain, known',
      adaptersFor: (domain) => [shared, byDomain[domain]],
    },
  ];
  for (const [name, { expertsUsed, gates: chosen }] of Object.entries(gates)) {
    const made = await mixtureOf({ modelPath, folder, byDomain }, chosen, `shared gates ${chosen.kind}`);
    const file = path.join(folder, `shared ${name}.gguf`);
    await copyWithKeys(made, file, { form: 'projections', expertsUsed });
    arms.push({
      name: `the shared adapter and a mixture of projections, ${name}`,
      adaptersFor: () => [shared, file],
    });
  }
  return arms;
}

async function closedFormGates(): Promise<Gates['gates']> {
  const texts = await Promise.all(
    DOMAINS.map(async (name) => ({ name, files: (await textsOf('training', name)).map(({ file }) => file) })),
  );
  return {
    kind: 'closed-form',
    texts: [{ name: 'base', files: [] }, ...texts],
    maxTokens: GATE_TOKENS,
    maxTextTokens: GATE_TEXT_TOKENS,
    lambda: RIDGE,
    temperature: TEMPERATURE,
  };
}

/** Makes a mixture with these gates, unless it is there. */
async function mixtureOf(
  { modelPath, folder, byDomain }: Pick<TrainedAdapters, 'modelPath' | 'folder' | 'byDomain'>,
  gates: LowRankUpcycleParams['gates'],
  name: string,
): Promise<string> {
  const outputPath = path.join(folder, `${name}.gguf`);
  if (!existsSync(outputPath))
    await upcycleLowRank({
      basePath: modelPath,
      outputPath,
      experts: DOMAINS.map((domain) => ({ name: domain, path: byDomain[domain] })),
      rank: 1,
      expertsUsed: 0,
      gateMode: 'renormalised',
      form: 'projections',
      gates,
    });
  return outputPath;
}

/** Copies a mixture with another form, or with fewer experts for a token. */
async function copyWithKeys(
  from: string,
  to: string,
  { form, expertsUsed }: { readonly form: MixtureForm; readonly expertsUsed: number },
): Promise<void> {
  const [header, bytes] = [await readGgufHeader(from), await readFile(from)];
  const metadata = new Map<string, GgufEntry>(await copiedMetadata(header));
  metadata.set(FORM_KEY, { type: 'string', value: form });
  metadata.set('adapter.chorus.expert_used_count', { type: 'u32', value: expertsUsed });
  const tensors = header.tensors.map(({ offsetBytes, sizeBytes, ...tensor }) => {
    const start = header.dataOffsetBytes + offsetBytes;
    return { ...tensor, chunks: () => [bytes.subarray(start, start + sizeBytes)] };
  });
  await writeGguf(to, { metadata, tensors });
}
