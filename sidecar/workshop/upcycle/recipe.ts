import type { GateMode } from '../../../kernels/blocks/gates.ts';

/** What becomes of the inputs. Fewer than two experts: their average, a dense model. */
export interface Recipe {
  readonly experts: number;
  readonly expertsUsed: number;
  readonly gateMode: GateMode;
  /** One attention of averaged weights, all experts' outputs by their gates, or those of the best so many. */
  readonly attention: 'average' | 'soft' | number;
  readonly cache: 'expert' | 'shared';
  /** Of so many blocks the last has experts; the others are averaged. */
  readonly interval: number;
  /** What the result is called; its inputs are named as what it is made of then. */
  readonly name?: string;
  /** An average may stay of its inputs' architecture. */
  readonly keepsArchitecture?: boolean;
}

/** A dense model of the inputs' averages. */
export const denseRecipe: Recipe = {
  experts: 1,
  expertsUsed: 1,
  gateMode: 'renormalised',
  attention: 'average',
  cache: 'shared',
  interval: 1,
};
