import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Chains, type ChainsSuggesting, runChains } from './chains.ts';

/** A package whose commits were not looked at while the suggesters were written. */
interface HeldOutPackage {
  readonly name: string;
  readonly language: string;
  readonly url: string;
  /** The newest commit that is measured. */
  readonly commit: string;
}

const HELD_OUT: readonly HeldOutPackage[] = [
  {
    name: 'p-queue',
    language: 'TypeScript',
    url: 'https://github.com/sindresorhus/p-queue',
    commit: '180ab9e25cd10b6f548767d7176076b50d25e188',
  },
  {
    name: 'llama.vscode',
    language: 'TypeScript',
    url: 'https://github.com/ggml-org/llama.vscode',
    commit: '3938fb3568b98e3ddfcf2ce3dd52d9570552b579',
  },
  {
    name: 'click',
    language: 'Python',
    url: 'https://github.com/pallets/click',
    commit: '2c8cd3ac958a7eb316d67f2d316c27086c4c0369',
  },
  {
    name: 'cobra',
    language: 'Go',
    url: 'https://github.com/spf13/cobra',
    commit: 'adbc8813901bba65827259daa8e22ff94ec1f30e',
  },
];

/**
 * Measures the chains of each held-out package, whose clone is in `folder`. Throws if one is missing. `suggestingFor`
 * is called for each package.
 */
export async function runHeldOut(
  folder: string,
  commits: number,
  suggestingFor: () => ChainsSuggesting,
): Promise<readonly (HeldOutPackage & { readonly chains: Chains })[]> {
  const measured: (HeldOutPackage & { readonly chains: Chains })[] = [];
  for (const each of HELD_OUT) {
    const clone = path.join(folder, each.name);
    if (!existsSync(clone)) throw new Error(`${clone} is missing. Run: git clone --bare ${each.url} ${clone}`);
    measured.push({ ...each, chains: await runChains(clone, { commits, newest: each.commit, ...suggestingFor() }) });
  }
  return measured;
}
