import type { Corpus } from './corpus.ts';
import type { LowRankPlan } from './lowRankPlan.ts';
import type { ParallelNetworks } from './parallelNetworks.ts';
import type { PlacedModel } from './placedModel.ts';
import type { TrainedModel } from './trainedModel.ts';
import type { Reached } from './trainingSteps.ts';

export function describeCorpus({ texts, bytes, skipped }: Corpus): string {
  const left = Object.entries({
    binary: skipped.binary,
    'too large': skipped.overLarge,
    'the same as others': skipped.duplicate,
    empty: skipped.empty,
  });
  const out = left.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return `${texts.length} texts, ${(bytes / 1e6).toFixed(1)} MB${out.length > 0 ? `; left out: ${out.join(', ')}` : ''}`;
}

export function describeTraining(
  { parameters, plan, model }: PlacedModel,
  { computeBytes }: ParallelNetworks,
  { step }: Reached,
): string {
  const weights = parameters.all.reduce((sum, { master }) => sum + master.elements, 0);
  const bytes = parameters.sizeBytes + computeBytes;
  const trained = `${(weights / 1e6).toFixed(1)} million weights are trained in ${(bytes / 1e9).toFixed(1)} GB${step > 0 ? `, from step ${step} on` : ''}`;
  return plan ? `${trained}; ${describePlan(plan, model)}` : trained;
}

/** Describes routers that can't learn: the gate of a single expert, divided by itself, has no derivative. */
export function describeIdleRouters({ parameters, model: { hyperparameters } }: PlacedModel): string | undefined {
  const { mixture, attentionMixture } = hyperparameters;
  const idle = [
    { of: mixture, router: 'ffn_gate_inp', what: 'the feed-forward networks' },
    { of: attentionMixture, router: 'attn_gate_inp', what: 'attention' },
  ].filter(
    ({ of, router }) =>
      of?.expertsUsed === 1 &&
      (of.gateMode ?? 'renormalised') === 'renormalised' &&
      parameters.all.some(({ spec }) => spec.name.includes(router)),
  );
  if (idle.length === 0) return undefined;
  return `In ${idle.map(({ what }) => what).join(' and ')} a single expert runs per token, and its gate is always 1. So the routers learn to balance the load, but nothing from the text. Use chorus upcycle with --gate-mode scaled, or let more experts run.`;
}

function describePlan({ ranks, isAdapter, experts }: LowRankPlan, { specs }: TrainedModel): string {
  const all = [...ranks.values()].map((rank) => rank / (experts ?? 1));
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const whole = specs
    .filter(({ name }) => ranks.has(name))
    .reduce((sum, { extents }) => sum + (extents[0] as number) * (extents[1] as number), 0);
  const factors = specs.reduce(
    (sum, { name, extents }) => sum + (ranks.get(name) ?? 0) * ((extents[0] as number) + (extents[1] ?? 0)),
    0,
  );
  return `${ranks.size} matrices have ${experts === undefined ? (isAdapter ? 'an adapter of ' : '') : `${experts} experts of `}rank ${least === most ? least : `${least} to ${most}`}: ${(factors / 1e6).toFixed(2)} million weights ${isAdapter ? 'beside' : 'instead of'} ${(whole / 1e6).toFixed(2)} million`;
}
