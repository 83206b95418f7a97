import path from 'node:path';
import { MIXTURE_FORMS, type MixtureForm } from '../../../sidecar/models/adapters/expertMixture.ts';
import type { LowRankUpcycleParams } from '../../../sidecar/workshop/protocol.ts';
import { upcycleLowRank } from '../../../sidecar/workshop/upcycle/lowRank/upcycleLowRank.ts';
import { DOMAINS, textsOf, type Domain } from './domains.ts';

/** Adapters over the base for the texts of each domain. */
export interface Arm {
  readonly name: string;
  readonly adapterFor: (domain: Domain) => string | undefined;
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
    { name: BASE_ARM, adapterFor: () => undefined },
    { name: SINGLE_ARM, adapterFor: () => trained.all },
    { name: 'the adapter of the domain, known', adapterFor: (domain) => trained.byDomain[domain] },
    ...(trained.together === undefined
      ? []
      : [{ name: 'mixture of projections, trained together', adapterFor: () => trained.together }]),
  ];
  for (const form of MIXTURE_FORMS)
    for (const [name, chosen] of Object.entries(gates)) {
      const file = await mixtureOf(trained, { form, name, chosen });
      arms.push({ name: `mixture of ${form}, ${name}`, adapterFor: () => file });
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

async function mixtureOf(
  { modelPath, folder, byDomain }: TrainedAdapters,
  { form, name, chosen }: { readonly form: MixtureForm; readonly name: string; readonly chosen: Gates },
): Promise<string> {
  const { outputPath } = await upcycleLowRank({
    basePath: modelPath,
    outputPath: path.join(folder, `${form} ${name}.gguf`),
    experts: DOMAINS.map((domain) => ({ name: domain, path: byDomain[domain] })),
    rank: 1,
    gateMode: 'renormalised',
    form,
    ...chosen,
  });
  return outputPath;
}
