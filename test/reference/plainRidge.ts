/**
 * `(XᵀX + λI)⁻¹ XᵀY` in plain loops, with Gauss's elimination. `Y` has a one in the column of a row's class. Returns
 * the weights of each class.
 */
export function plainRidge(
  rows: readonly (readonly number[])[],
  classOf: readonly number[],
  { classes, lambda }: { readonly classes: number; readonly lambda: number },
): number[][] {
  const size = rows[0]?.length ?? 0;
  const product = (i: number, j: number): number => {
    let sum = i === j ? lambda : 0;
    for (const x of rows) sum += x[i]! * x[j]!;
    return sum;
  };
  const system = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (__, j) => product(i, j)),
    ...Array.from({ length: classes }, (__, each) =>
      rows.reduce((sum, x, row) => sum + (classOf[row] === each ? x[i]! : 0), 0),
    ),
  ]);
  for (let column = 0; column < size; column++) {
    const pivot = system.slice(column).reduce((best, row) => Math.max(best, Math.abs(row[column]!)), 0);
    const at = system.findIndex((row, index) => index >= column && Math.abs(row[column]!) === pivot);
    const own = system[at]!;
    [system[column], system[at]] = [own, system[column]!];
    for (const [index, row] of system.entries()) {
      if (index === column) continue;
      const factor = row[column]! / own[column]!;
      for (let k = column; k < row.length; k++) row[k]! -= factor * own[k]!;
    }
  }
  return Array.from({ length: classes }, (_, each) => system.map((row, index) => row[size + each]! / row[index]!));
}
