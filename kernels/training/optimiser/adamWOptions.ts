export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** The decay of parameters with `decays`. 0.1 is usual. */
  readonly weightDecay: number;
  /**
   * The decay of low-rank matrices: of each factor, or of their product (Frobenius decay, arXiv 2105.01029). Default:
   * 'l2'.
   */
  readonly factorDecay?: 'l2' | 'frobenius';
  /** Gradients are scaled down to this norm over all parameters. `Infinity` turns clipping off. */
  readonly clipNorm: number;
  /** The momentum of Muon, which steps hidden matrices at the same rate. Absent: AdamW steps them too. */
  readonly muonMomentum?: number;
}

/** The usual momentum of Muon. */
export const DEFAULT_MUON_MOMENTUM = 0.95;

export const defaultAdamW: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
