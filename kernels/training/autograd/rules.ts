import type { Op } from '../../ggml/support.ts';
import type { Rule } from './rule.ts';
import { geluRule, gegluRule, reluRule, sigmoidRule, siluRule, swigluRule, tanhRule } from './rules/activations.ts';
import {
  addRule,
  clampRule,
  divRule,
  expRule,
  fillRule,
  logRule,
  mulRule,
  scaleRule,
  sqrRule,
  sqrtRule,
  stepRule,
  subRule,
} from './rules/arithmetic.ts';
import { im2colRule } from './rules/convolutions.ts';
import { normRule, rmsNormRule } from './rules/norms.ts';
import { mulMatRule } from './rules/products.ts';
import { ropeRule } from './rules/rotation.ts';
import { getRowsRule, setRowsRule } from './rules/rows.ts';
import { concatRule, copyRule, repeatRule, sumRowsRule, viewRule } from './rules/shapes.ts';
import { softMaxRule } from './rules/softMax.ts';

/** The derivative of every differentiable operation. */
export const rules: ReadonlyMap<Op, Rule> = new Map<Op, Rule>([
  ['add', addRule],
  ['sub', subRule],
  ['mul', mulRule],
  ['div', divRule],
  ['scale', scaleRule],
  ['sqr', sqrRule],
  ['sqrt', sqrtRule],
  ['exp', expRule],
  ['log', logRule],
  ['clamp', clampRule],
  ['step', stepRule],
  ['fill', fillRule],
  ['silu', siluRule],
  ['gelu', geluRule],
  ['relu', reluRule],
  ['sigmoid', sigmoidRule],
  ['tanh', tanhRule],
  ['swiglu', swigluRule],
  ['geglu', gegluRule],
  ['norm', normRule],
  ['rmsNorm', rmsNormRule],
  ['mulMat', mulMatRule],
  ['im2col', im2colRule],
  ['getRows', getRowsRule],
  ['setRows', setRowsRule],
  ['softMax', softMaxRule],
  ['rope', ropeRule],
  ['view', viewRule],
  ['contiguous', copyRule],
  ['copy', copyRule],
  ['repeat', repeatRule],
  ['sumRows', sumRowsRule],
  ['concat', concatRule],
]);
