import type { GateMode } from '../../../kernels/blocks/gates.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { shown } from '../gguf/shown.ts';
import type { Factor } from './factor.ts';
import { invalidAdapter } from './invalidAdapter.ts';

/**
 * Where the experts' attention parts: each attends with its own queries, or all change the projections of one
 * attention.
 */
export const MIXTURE_FORMS = ['projections', 'attention'] as const;
export type MixtureForm = (typeof MIXTURE_FORMS)[number];

/** The metadata with `ExpertMixture.form`. */
export const FORM_KEY = 'adapter.chorus.form';

/** Whether changes of these matrices give experts queries of their own. */
export const changesQueries = (names: Iterable<string>): boolean =>
  [...names].some((name) => name.endsWith('.attn_q.weight'));

const GATE_MODES: readonly GateMode[] = ['faithful', 'renormalised', 'scaled'];
/** The most experts of a file, without expert 0. */
export const MAX_EXPERTS = 256;
/** Without leading zeros, so that no two names are of one block. */
const ROUTER = /^blk\.(0|[1-9]\d*)\.lora_gate_inp\.weight$/;

/** How gates weigh the low-rank experts of a file. Expert 0 is the model alone. */
export interface ExpertMixture {
  /** Without expert 0. */
  readonly experts: number;
  /** How many experts count for a token, expert 0 among them. Absent: all, by soft gates. */
  readonly expertsUsed?: number;
  readonly gateMode: GateMode;
  readonly form: MixtureForm;
  /** `[width, experts + 1]`, by block. */
  readonly routers: ReadonlyMap<number, Factor>;
}

/** Reads the keys of a mixture. Throws `TroubleError` 'invalid-model' with the key. */
export function readMixtureKeys({ path: file, metadata }: GgufHeader): Omit<ExpertMixture, 'routers'> {
  const count = (key: string, least: number, most: number, fallback?: number): number => {
    const value = metadata.get(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw invalidAdapter(
        file,
        `${key} is ${value === undefined ? 'missing' : shown(value)}, expected a whole number from ${least} to ${most}`,
      );
    return value;
  };
  const experts = count('adapter.chorus.expert_count', 1, MAX_EXPERTS);
  const expertsUsed = count('adapter.chorus.expert_used_count', 0, experts + 1, 0);
  const choice = <T extends string>(key: string, allowed: readonly T[], fallback: T): T => {
    const value = metadata.get(key) ?? fallback;
    const known = allowed.find((each) => each === value);
    if (!known) throw invalidAdapter(file, `${key} is ${shown(value)}, expected ${allowed.join(' or ')}`);
    return known;
  };
  const gateMode = choice('adapter.chorus.expert_gate_mode', GATE_MODES, 'renormalised');
  const form = choice(FORM_KEY, MIXTURE_FORMS, 'projections');
  // The gates weigh whole attentions, so their sum must be 1.
  if (form === 'attention' && gateMode !== 'renormalised')
    throw invalidAdapter(
      file,
      `adapter.chorus.expert_gate_mode is ${shown(gateMode)}, expected renormalised for a mixture of attention`,
    );
  return { experts, gateMode, form, ...(expertsUsed > 0 ? { expertsUsed } : {}) };
}

/** The block of a router's tensor, by its name. */
export function routerBlock(name: string): number | undefined {
  const match = ROUTER.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** The name of the router's tensor of a block. */
export const routerName = (block: number): string => `blk.${block}.lora_gate_inp.weight`;
