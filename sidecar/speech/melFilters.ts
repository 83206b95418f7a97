/**
 * Triangular filters on Slaney's mel scale, each of area 1, as in librosa and Whisper: `[transformSize / 2 + 1,
 * bands]`, bands outermost.
 */
export function slaneyMelFilters({
  bands,
  transformSize,
  sampleRateHz,
}: {
  readonly bands: number;
  readonly transformSize: number;
  readonly sampleRateHz: number;
}): Float32Array {
  const frequencies = transformSize / 2 + 1;
  const highest = toMel(sampleRateHz / 2);
  const edges = Array.from({ length: bands + 2 }, (_, index) => toHz((highest * index) / (bands + 1)));
  const filters = new Float32Array(bands * frequencies);
  for (let band = 0; band < bands; band++) {
    const [low, middle, high] = edges.slice(band, band + 3) as [number, number, number];
    for (let bin = 0; bin < frequencies; bin++) {
      const hz = (bin * sampleRateHz) / transformSize;
      const height = Math.max(0, Math.min((hz - low) / (middle - low), (high - hz) / (high - middle)));
      filters[band * frequencies + bin] = (height * 2) / (high - low);
    }
  }
  return filters;
}

/** The mel scale is linear up to 1 kHz, then logarithmic. */
const BREAK_HZ = 1000;
const HZ_PER_MEL = 200 / 3;
const LOG_STEP = Math.log(6.4) / 27;

function toMel(hz: number): number {
  return hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_HZ / HZ_PER_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP;
}

function toHz(mel: number): number {
  const breakMel = BREAK_HZ / HZ_PER_MEL;
  return mel < breakMel ? mel * HZ_PER_MEL : BREAK_HZ * Math.exp(LOG_STEP * (mel - breakMel));
}
