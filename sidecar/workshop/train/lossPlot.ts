import path from 'node:path';

const WIDTH = 800;
const HEIGHT = 400;
const MARGIN = 50;
/** The share of a new value in the smoothed line. */
const SMOOTHING = 0.05;

/** The path of a training's plot, beside the written model. */
export const lossPlotPath = (outputPath: string): string =>
  path.join(path.dirname(outputPath), `${path.basename(outputPath, '.gguf')}.loss.svg`);

/** Draws the losses by step, and their running mean, as SVG. */
export function lossPlot(losses: readonly number[]): string {
  const finite = losses.filter((loss) => Number.isFinite(loss));
  // `Math.min(...finite)` would get an argument for each step, too many in a long training.
  const low = finite.reduce((least, loss) => Math.min(least, loss), Infinity);
  const high = finite.reduce((most, loss) => Math.max(most, loss), low + 1e-3);
  const x = (step: number): number => MARGIN + ((WIDTH - 2 * MARGIN) * step) / Math.max(1, losses.length - 1);
  const y = (loss: number): number => HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * (loss - low)) / (high - low);
  const line = (values: readonly number[]): string =>
    values.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  let mean = losses[0] ?? 0;
  const smooth = losses.map((loss, step) => (mean += Math.max(SMOOTHING, 1 / (step + 1)) * (loss - mean)));
  const text = (px: number, py: number, anchor: string, content: string): string =>
    `<text x="${px}" y="${py}" text-anchor="${anchor}">${content}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<path d="M${MARGIN} ${MARGIN}V${HEIGHT - MARGIN}H${WIDTH - MARGIN}" fill="none" stroke="black"/>`,
    `<polyline points="${line(losses)}" fill="none" stroke="#9ec5e8"/>`,
    `<polyline points="${line(smooth)}" fill="none" stroke="#1f5fa8" stroke-width="2"/>`,
    text(MARGIN - 6, y(low) + 4, 'end', low.toFixed(3)),
    text(MARGIN - 6, y(high) + 4, 'end', high.toFixed(3)),
    text(MARGIN, HEIGHT - MARGIN + 18, 'middle', '1'),
    text(WIDTH - MARGIN, HEIGHT - MARGIN + 18, 'middle', String(losses.length)),
    text(WIDTH / 2, HEIGHT - 12, 'middle', 'step'),
    text(WIDTH / 2, 24, 'middle', `loss in nats per token, last ${(smooth.at(-1) ?? 0).toFixed(4)}`),
    '</svg>',
    '',
  ].join('\n');
}
