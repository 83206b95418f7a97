import type { PlainHooks, PlainWeights } from './plainLlama.ts';

/** The matrices that belong to an attention of its own. */
const ATTENDING = /\.attn_(?:q|output)\.weight$/;

export interface PlainMixtureOptions {
  /** Without expert 0. */
  readonly experts: number;
  readonly scale: number;
  /** How many experts count for a token. 0: all. */
  readonly expertsUsed?: number;
  /** The expert whose gate is 1 for every token, from 0 on. Routers are not read then. */
  readonly forced?: number;
  /** Whether each expert attends with its own queries. */
  readonly isAttention?: boolean;
}

/**
 * `Σ gate_e · scale · B_e A_e x`, with gates by the block's normalised input. In a mixture of attention the gates weigh
 * whole attentions.
 */
export function plainMixture(
  factors: PlainWeights,
  { experts, scale, expertsUsed = 0, forced, isAttention = false }: PlainMixtureOptions,
): { readonly hooks: PlainHooks; readonly leastGap: () => number } {
  let leastGap = 1;
  const gates = new Map<string, readonly number[]>();
  const get = (name: string): readonly number[] => factors.get(name) ?? [];
  const gatesOf = (x: readonly number[], router: string): readonly number[] => {
    if (forced !== undefined) return Array.from({ length: experts + 1 }, (_, expert) => (expert === forced ? 1 : 0));
    const scores = plainProduct(get(router), x).map(Math.exp);
    const used = expertsUsed === 0 ? experts + 1 : expertsUsed;
    const sorted = [...scores].sort((a, b) => b - a);
    const least = sorted[used - 1] as number;
    const total = scores.reduce((all, score) => all + score, 0);
    if (used < sorted.length) leastGap = Math.min(leastGap, (least - (sorted[used] as number)) / total);
    const kept = scores.map((score) => (score >= least ? score : 0));
    const sum = kept.reduce((all, score) => all + score, 0);
    return kept.map((score) => score / sum);
  };
  const hooks: PlainHooks = {
    onNorm: (x, name, position) => {
      if (name.endsWith('attn_norm.weight'))
        gates.set(`${name.split('.')[1]} ${position}`, gatesOf(x, name.replace('attn_norm', 'lora_gate_inp')));
    },
    productChange: (x, name, position) => {
      const [a, b] = [get(`${name}.lora_a`), get(`${name}.lora_b`)];
      if (a.length === 0 || (isAttention && ATTENDING.test(name))) return undefined;
      const own = gates.get(`${name.split('.')[1]} ${position}`) as readonly number[];
      const inner = plainProduct(a, x);
      const rank = inner.length / experts;
      return plainProduct(
        b,
        inner.map((value, row) => scale * value * (own[1 + Math.floor(row / rank)] as number)),
      );
    },
    ...(isAttention
      ? {
          attentionExperts: {
            count: experts + 1,
            gate: (block, position, expert) => gates.get(`${block} ${position}`)?.[expert] as number,
            change: (x, name, expert) => {
              const [a, b] = [get(`${name}.lora_a`), get(`${name}.lora_b`)];
              if (a.length === 0 || expert === 0) return undefined;
              const inner = plainProduct(a, x);
              const rank = inner.length / experts;
              return plainProduct(
                b,
                inner.map((value, row) => (Math.floor(row / rank) === expert - 1 ? scale * value : 0)),
              );
            },
          },
        }
      : {}),
  };
  return { hooks, leastGap: () => leastGap };
}

/** `M x`, with rows of `M` behind each other. */
export function plainProduct(matrix: readonly number[], x: readonly number[]): number[] {
  return Array.from({ length: matrix.length / x.length }, (_, row) =>
    x.reduce((sum, value, column) => sum + value * (matrix[row * x.length + column] as number), 0),
  );
}
