import type { GateMode } from '../../../kernels/blocks/gates.ts';

/** How to combine the inputs. With fewer than two experts the result is their average, a dense model. */
export interface Recipe {
  readonly experts: number;
  readonly expertsUsed: number;
  readonly gateMode: GateMode;
  /** A single attention of averaged weights, all experts by their gates, or this number of the best experts. */
  readonly attention: 'average' | 'soft' | number;
  readonly cache: 'expert' | 'shared';
  /** Only the last of each `interval` blocks has experts; the others are averaged. */
  readonly interval: number;
  /** The name of the result. The inputs are then listed as its base models. */
  readonly name?: string;
  /** Whether an average keeps the architecture of its inputs. */
  readonly keepsArchitecture?: boolean;
}

/** Makes a dense model from the average of the inputs. */
export const denseRecipe: Recipe = {
  experts: 1,
  expertsUsed: 1,
  gateMode: 'renormalised',
  attention: 'average',
  cache: 'shared',
  interval: 1,
};
