import type { Shape, Tensor } from './tensor.ts';

/** Rotary position embedding (RoFormer, arXiv 2104.09864) and its YaRN extension (arXiv 2309.00071). */
export interface RopeOptions {
  /** The dimensions that are rotated together: neighbours ('normal', Llama) or halves ('neox', Qwen). */
  readonly pairing: 'normal' | 'neox';
  readonly dimensions: number;
  readonly base: number;
  readonly frequencyScale?: number;
  readonly originalContext?: number;
  readonly extensionFactor?: number;
  readonly attentionFactor?: number;
  readonly betaFast?: number;
  readonly betaSlow?: number;
  /** Divisors of the frequencies, `dimensions / 2` values (Llama 3). */
  readonly frequencyFactors?: Tensor;
}

/** A window that moves over rows and columns. */
export interface Im2colOptions {
  /** Extents of the window along dimensions 0 and 1. */
  readonly kernel: readonly [width: number, height: number];
  readonly stride: readonly [width: number, height: number];
  /** Zeros on both sides of dimensions 0 and 1. */
  readonly padding: readonly [width: number, height: number];
}

/** The parameters of an operation besides tensors, as far as its derivative depends on them. */
export interface OpAttributes {
  scale: { readonly factor: number };
  clamp: { readonly minimum: number; readonly maximum: number };
  norm: { readonly epsilon: number };
  rmsNorm: { readonly epsilon: number };
  softMax: { readonly factor: number };
  rope: RopeOptions;
  im2col: Im2colOptions;
  concat: { readonly dimension: 0 | 1 | 2 | 3 };
  view:
    | { readonly kind: 'reshape' }
    | { readonly kind: 'permute'; readonly axes: readonly [number, number, number, number] }
    | { readonly kind: 'window'; readonly strides: Shape; readonly offsetBytes: number };
}
