import { HOP_SAMPLES, SAMPLE_RATE_HZ } from './logMel.ts';

/** A region of speech, in seconds from the window's beginning. */
export interface SpeechRegion {
  readonly start: number;
  readonly end: number;
}

export interface ListenedSound {
  /** At 16 kHz. */
  readonly samples: Float32Array;
  /**
   * `[bands, frames]`, bands first, computed by `LogMel` from these samples. The middle of frame `n` is at sample `n ·
   * HOP_SAMPLES`.
   */
  readonly mel: Float32Array;
  readonly bands: number;
}

const FRAME_SECONDS = HOP_SAMPLES / SAMPLE_RATE_HZ;
/** A unit of `LogMel` is four decades of power. */
const DECIBELS_PER_UNIT = 40;
/** Frames over which a band's level is averaged. */
const SMOOTHED_FRAMES = 5;
/** The floor of a band is the level that this share of its frames stay below. */
const FLOOR_SHARE = 0.2;
/** Smaller rises above the floor are variations of the noise. */
const WAVERING_DECIBELS = 6;
/** The mean rise over all bands from which a frame may be speech. Steady noise of any colour reaches a third of it. */
const LEAST_RISE_DECIBELS = 1.5;
/** The root mean square of a frame below which it counts as silent: −65 dB of full scale. */
const LEAST_LEVEL = 10 ** (-65 / 20);
/** Longer pauses divide regions. */
const BRIDGED_SECONDS = 0.35;
/** Added before the first sound and behind the last, for unvoiced consonants. */
const MARGIN_SECONDS = 0.25;
/** The least number of frames with a voice's pitch in a region. The clatter of keys has none. */
const LEAST_VOICED_FRAMES = 8;
/** The least correlation of a voice with itself a period later. */
const LEAST_CORRELATION = 0.5;
const LOWEST_PITCH_HZ = 70;
const HIGHEST_PITCH_HZ = 400;
/** Pitch is computed from every second of this many samples. */
const PITCH_SAMPLES = 640;
const PITCH_STEP = 2;

/**
 * Finds the regions of speech. There the levels of bands rise above their floors in the same window (like long-term
 * spectral divergence; Ramírez et al. 2004), and some of the rising sound has a voice's pitch. Silence, steady noise
 * and clicks never do both.
 */
export function speechRegions(sound: ListenedSound): readonly SpeechRegion[] {
  const rises = frameRises(sound);
  const regions: SpeechRegion[] = [];
  const bridgedFrames = Math.round(BRIDGED_SECONDS / FRAME_SECONDS);
  for (let first = 0; first < rises.length; first++) {
    if (!isLoud(sound.samples, first, rises)) continue;
    let last = first;
    for (let frame = first; frame < rises.length && frame - last <= bridgedFrames; frame++)
      if (isLoud(sound.samples, frame, rises)) last = frame;
    if (voicedFrames(sound.samples, first, last, rises) >= LEAST_VOICED_FRAMES) {
      regions.push({
        start: Math.max(0, first * FRAME_SECONDS - MARGIN_SECONDS),
        end: Math.min(rises.length * FRAME_SECONDS, (last + 1) * FRAME_SECONDS + MARGIN_SECONDS),
      });
    }
    first = last;
  }
  return regions;
}

/** Whether any region overlaps an interval. */
export function overlapsSpeech(regions: readonly SpeechRegion[], start: number, end: number): boolean {
  return regions.some((region) => region.start < end && start < region.end);
}

/** For each frame, the mean rise of its bands above their floors, in decibels. */
function frameRises({ samples, mel, bands }: ListenedSound): Float32Array {
  const frames = Math.min(mel.length / bands, Math.floor(samples.length / HOP_SAMPLES));
  const rises = new Float32Array(frames);
  const levels = new Float32Array(frames);
  for (let band = 0; band < bands; band++) {
    smooth(mel, { band, bands, frames }, levels);
    const floor = levels.toSorted()[Math.floor(FLOOR_SHARE * (frames - 1))] ?? 0;
    for (let frame = 0; frame < frames; frame++) {
      const rise = ((levels[frame] as number) - floor) * DECIBELS_PER_UNIT - WAVERING_DECIBELS;
      if (rise > 0) rises[frame] = (rises[frame] as number) + rise / bands;
    }
  }
  return rises;
}

function smooth(
  mel: Float32Array,
  { band, bands, frames }: { readonly band: number; readonly bands: number; readonly frames: number },
  levels: Float32Array,
): void {
  const reach = Math.floor(SMOOTHED_FRAMES / 2);
  for (let frame = 0; frame < frames; frame++) {
    const first = Math.max(0, frame - reach);
    const end = Math.min(frames, frame + reach + 1);
    let sum = 0;
    for (let near = first; near < end; near++) sum += mel[near * bands + band] as number;
    levels[frame] = sum / (end - first);
  }
}

function isLoud(samples: Float32Array, frame: number, rises: Float32Array): boolean {
  if ((rises[frame] as number) < LEAST_RISE_DECIBELS) return false;
  let sum = 0;
  const around = samples.subarray(Math.max(0, (frame - 1) * HOP_SAMPLES), (frame + 2) * HOP_SAMPLES);
  for (const sample of around) sum += sample * sample;
  return Math.sqrt(sum / around.length) > LEAST_LEVEL;
}

/** Counts the frames of a region that have a pitch, up to the needed number. */
function voicedFrames(samples: Float32Array, first: number, last: number, rises: Float32Array): number {
  let count = 0;
  for (let frame = first; frame <= last && count < LEAST_VOICED_FRAMES; frame++) {
    if ((rises[frame] as number) >= LEAST_RISE_DECIBELS && hasPitch(samples, frame * HOP_SAMPLES)) count++;
  }
  return count;
}

/**
 * Whether the sound around a sample repeats itself after a period of a voice. The signal is differentiated first, since
 * a rumble correlates with itself everywhere.
 */
function hasPitch(samples: Float32Array, middle: number): boolean {
  const first = middle - PITCH_SAMPLES / 2;
  if (first < PITCH_STEP || first + PITCH_SAMPLES > samples.length) return false;
  const signal = Float32Array.from({ length: PITCH_SAMPLES / PITCH_STEP }, (_, index) => {
    const at = first + index * PITCH_STEP;
    return (
      (samples[at] as number) + (samples[at + 1] as number) - (samples[at - 1] as number) - (samples[at - 2] as number)
    );
  });
  const rateHz = SAMPLE_RATE_HZ / PITCH_STEP;
  let lowest = 1;
  let wasBelow = false;
  for (let lag = Math.floor(rateHz / HIGHEST_PITCH_HZ / 2); lag <= rateHz / LOWEST_PITCH_HZ; lag++) {
    const similarity = correlation(signal, lag);
    lowest = Math.min(lowest, similarity);
    wasBelow ||= lowest < LEAST_CORRELATION / 2;
    if (wasBelow && lag >= rateHz / HIGHEST_PITCH_HZ && similarity > LEAST_CORRELATION) return true;
  }
  return false;
}

/** 1 if a signal repeats itself exactly after a period. It is lower for a burst that dies away. */
function correlation(signal: Float32Array, lag: number): number {
  let product = 0;
  let before = 0;
  let after = 0;
  for (let index = lag; index < signal.length; index++) {
    const a = signal[index - lag] as number;
    const b = signal[index] as number;
    product += a * b;
    before += a * a;
    after += b * b;
  }
  return (2 * product) / (before + after || 1);
}
