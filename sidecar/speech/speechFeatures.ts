import type { Device } from '../../kernels/ggml/device.ts';
import { FRAME_REACH_SAMPLES, LogMel, SAMPLE_RATE_HZ } from './logMel.ts';
import { slaneyMelFilters } from './melFilters.ts';

const TRANSFORM_SAMPLES = 2 * FRAME_REACH_SAMPLES;
/** Brings values near ±1. */
const FACTOR = 2;

/** A spectrum with this many bands, as `speech-transformer` reads it. */
export function openSpectrum(cpu: Device, bands: number): LogMel {
  const values = slaneyMelFilters({ bands, transformSize: TRANSFORM_SAMPLES, sampleRateHz: SAMPLE_RATE_HZ });
  return new LogMel(cpu, { bands, frequencies: TRANSFORM_SAMPLES / 2 + 1, values });
}

/**
 * The spectrum of one utterance, `mel[bands, frames]`, without each band's mean, which takes away how a microphone or a
 * telephone colours the sound (cepstral mean normalisation: Atal 1974). In place.
 */
export function normaliseBands(mel: Float32Array, bands: number): Float32Array {
  const frames = mel.length / bands;
  for (let band = 0; band < bands; band++) {
    let sum = 0;
    for (let frame = 0; frame < frames; frame++) sum += mel[frame * bands + band] as number;
    const mean = sum / frames;
    for (let frame = 0; frame < frames; frame++)
      mel[frame * bands + band] = FACTOR * ((mel[frame * bands + band] as number) - mean);
  }
  return mel;
}
