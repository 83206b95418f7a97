/** How the learning rate changes during a training. */
export interface ScheduleOptions {
  /**
   * 'cosine' falls from the peak to the floor. 'wsd' stays at the peak and falls in the last steps (warm-up, stable,
   * decay: arXiv 2404.06395).
   */
  readonly kind: 'cosine' | 'wsd';
  readonly peakRate: number;
  /** The rate of the last step as a share of the peak. */
  readonly floorShare: number;
  readonly warmUpSteps: number;
  readonly totalSteps: number;
  /** The share of all steps in which 'wsd' falls. */
  readonly decayShare: number;
}

/**
 * The rate of step number `step`, from 1. Rises linearly during the warm-up and reaches the peak with its last step.
 */
export function learningRate(
  step: number,
  { kind, peakRate, floorShare, warmUpSteps, totalSteps, decayShare }: ScheduleOptions,
): number {
  if (step <= warmUpSteps) return (peakRate * step) / warmUpSteps;
  const decaySteps =
    kind === 'cosine'
      ? totalSteps - warmUpSteps
      : Math.min(totalSteps - warmUpSteps, Math.round(totalSteps * decayShare));
  const progress = Math.min(1, Math.max(0, (step - (totalSteps - decaySteps)) / Math.max(1, decaySteps)));
  const share = kind === 'cosine' ? (1 + Math.cos(Math.PI * progress)) / 2 : 1 - progress;
  return peakRate * (floorShare + (1 - floorShare) * share);
}
