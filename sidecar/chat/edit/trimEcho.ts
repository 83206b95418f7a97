/**
 * Removes lines at the ends of new code that only repeat the code around the target. Models often answer with the whole
 * function or file. Lines that the target itself begins or ends with stay.
 */
export function trimEcho(
  code: string,
  surroundings: { readonly before: string; readonly after: string; readonly target: string },
): string {
  let lines = code.split('\n');
  const target = meaningful(surroundings.target);
  const before = meaningful(surroundings.before.slice(0, surroundings.before.lastIndexOf('\n') + 1));
  const after = meaningful(surroundings.after.slice(surroundings.after.indexOf('\n') + 1 || surroundings.after.length));
  if (target.length === 0) return code;

  const head = echoLength(meaningful(code), before, target[0]);
  if (head > 0) lines = dropMeaningful(lines, head);
  const tail = echoLength(meaningful(lines.join('\n')).reverse(), [...after].reverse(), target.at(-1));
  if (tail > 0) lines = dropMeaningful(lines.reverse(), tail).reverse();
  return lines.join('\n');
}

/**
 * Returns how many of the first lines of `code` equal the last lines of `around`, unless the target starts with them.
 */
function echoLength(code: readonly string[], around: readonly string[], targetEdge: string | undefined): number {
  if (code[0] === targetEdge) return 0;
  for (let length = Math.min(code.length - 1, around.length); length > 0; length -= 1) {
    const edge = around.slice(around.length - length);
    if (edge.every((line, index) => code[index] === line) && edge.some((line) => /\w{3}/.test(line))) return length;
  }
  return 0;
}

function meaningful(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function dropMeaningful(lines: readonly string[], count: number): string[] {
  let left = count;
  let index = 0;
  while (index < lines.length && (left > 0 || lines[index]?.trim() === '')) {
    if (lines[index]?.trim() !== '') left -= 1;
    index += 1;
  }
  return lines.slice(index);
}
