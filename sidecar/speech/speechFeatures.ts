import type { Device } from '../../kernels/ggml/device.ts';
import { FRAME_REACH_SAMPLES, LogMel, SAMPLE_RATE_HZ } from './logMel.ts';
import { slaneyMelFilters } from './melFilters.ts';

const TRANSFORM_SAMPLES = 2 * FRAME_REACH_SAMPLES;
/** Scales values to about ±1. */
const FACTOR = 2;

/** Opens a spectrogram with this number of bands for a `speech-transformer`. */
export function openSpectrum(cpu: Device, bands: number): LogMel {
  const values = slaneyMelFilters({ bands, transformSize: TRANSFORM_SAMPLES, sampleRateHz: SAMPLE_RATE_HZ });
  return new LogMel(cpu, { bands, frequencies: TRANSFORM_SAMPLES / 2 + 1, values });
}

/**
 * Subtracts each band's mean from the spectrogram of an utterance, `mel[bands, frames]`, in place. It removes the
 * colouring by a microphone or a telephone (cepstral mean normalisation: Atal 1974).
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
