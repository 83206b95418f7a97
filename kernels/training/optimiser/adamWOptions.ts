export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Of parameters that decay; 0.1 is usual. */
  readonly weightDecay: number;
  /**
   * Of matrices of low rank: each factor is drawn to zero, or their product is (Frobenius decay, arXiv 2105.01029).
   * Default: 'l2'.
   */
  readonly factorDecay?: 'l2' | 'frobenius';
  /** Gradients are scaled down to this norm over all parameters; `Infinity` leaves them. */
  readonly clipNorm: number;
  /** Hidden matrices are stepped by Muon with this momentum, at the same rate; absent: by AdamW, as all others. */
  readonly muonMomentum?: number;
}

/** Usual for Muon. */
export const DEFAULT_MUON_MOMENTUM = 0.95;

export const defaultAdamW: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
