import { mean } from '../statistics.ts';

/**
 * Engines agree if their logits have at least this correlation. Their activations have few bits, so logits differ a
 * little. An engine that agrees less does other work, and its speed is no comparison.
 */
export const AGREEMENT = 0.99;

/** Returns the correlation of two lists of logits of one vocabulary. */
export function correlation(one: readonly number[], other: readonly number[]): number {
  const [meanOne, meanOther] = [mean(one), mean(other)];
  let [product, squareOne, squareOther] = [0, 0, 0];
  for (const [index, value] of one.entries()) {
    const [a, b] = [value - meanOne, (other[index] ?? NaN) - meanOther];
    product += a * b;
    squareOne += a * a;
    squareOther += b * b;
  }
  return product / Math.sqrt(squareOne * squareOther);
}

/** Returns the engines that computed something else than libllama. NaN is no agreement. */
export function strangers<Name extends string>(agreement: Partial<Record<Name, number>>): readonly Name[] {
  return (Object.entries(agreement) as [Name, number][]).flatMap(([name, value]) => (value >= AGREEMENT ? [] : [name]));
}
