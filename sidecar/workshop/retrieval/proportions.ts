/** Both ends, from 0 to 1. */
export type Interval = readonly [low: number, high: number];

/** The 97.5 % point of the normal distribution, for intervals of 95 %. */
const Z = 1.959964;

/** The 95 % score interval of a proportion (Wilson, 1927). Without observations it is 0 to 1. */
export function wilsonInterval(found: number, total: number): Interval {
  if (total === 0) return [0, 1];
  const share = found / total;
  const spread = Z ** 2 / total;
  const middle = (share + spread / 2) / (1 + spread);
  const half = Math.sqrt((share * (1 - share) + spread / 4) * spread) / (1 + spread);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * The difference `a` − `b` of two proportions over the same items, and its 95 % interval (Newcombe 1998, Statistics in
 * Medicine 17, 2635–2650, method 10). Unlike the standard error, it is valid even if few or no items differ.
 */
export function pairedProportions(
  a: readonly boolean[],
  b: readonly boolean[],
): { readonly difference: number; readonly interval: Interval } {
  const total = a.length;
  if (total === 0) return { difference: 0, interval: [-1, 1] };
  const count = (inA: boolean, inB: boolean): number =>
    a.filter((value, index) => value === inA && b[index] === inB).length;
  const [both, onlyA, onlyB, neither] = [
    count(true, true),
    count(true, false),
    count(false, true),
    count(false, false),
  ];
  const [shareA, shareB] = [(both + onlyA) / total, (both + onlyB) / total];
  const [lowA, highA] = wilsonInterval(both + onlyA, total);
  const [lowB, highB] = wilsonInterval(both + onlyB, total);
  const correlation = correlationOf(both, onlyA, onlyB, neither);
  const distance = (x: number, y: number): number => Math.sqrt(Math.max(0, x ** 2 - 2 * correlation * x * y + y ** 2));
  const difference = shareA - shareB;
  return {
    difference,
    interval: [
      difference - distance(shareA - lowA, highB - shareB),
      difference + distance(highA - shareA, shareB - lowB),
    ],
  };
}

/** The correlation of a two-by-two table, corrected for continuity. 0 if a margin is empty. */
function correlationOf(both: number, onlyA: number, onlyB: number, neither: number): number {
  const margins = (both + onlyA) * (onlyB + neither) * (both + onlyB) * (onlyA + neither);
  if (margins === 0) return 0;
  const product = both * neither - onlyA * onlyB;
  const half = (both + onlyA + onlyB + neither) / 2;
  const corrected = product > half ? product - half : Math.min(product, 0);
  return corrected / Math.sqrt(margins);
}
