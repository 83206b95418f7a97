import { normalDeviates, uniformNumbers } from '../../sidecar/models/decoding/random.ts';

const RATE_HZ = 16_000;

/** Sounds without speech, at 16 kHz and about −30 dB of full scale. */
export const noises: Readonly<Record<string, (seconds: number, seed: number) => Float32Array>> = {
  silence: (seconds) => new Float32Array(seconds * RATE_HZ),
  'white noise': (seconds, seed) => normalised(white(seconds, seed)),
  'pink noise': (seconds, seed) => normalised(pink(white(seconds, seed))),
  'brown noise': (seconds, seed) => normalised(brown(white(seconds, seed))),
  'hum of the mains': (seconds, seed) =>
    normalised(
      white(seconds, seed).map(
        (value, index) =>
          0.05 * value +
          [1, 2, 3, 5, 7].reduce(
            (sum, harmonic) => sum + Math.sin((2 * Math.PI * 50 * harmonic * index) / RATE_HZ) / harmonic,
            0,
          ),
      ),
    ),
  'a fan that swells': (seconds, seed) =>
    normalised(
      pink(white(seconds, seed)).map(
        (value, index) => value * (1 + 0.6 * Math.sin((2 * Math.PI * 0.4 * index) / RATE_HZ)),
      ),
    ),
  'a keyboard': (seconds, seed) => clicks(seconds, seed, 7),
};

function white(seconds: number, seed: number): Float32Array {
  const next = normalDeviates(seed);
  return Float32Array.from({ length: seconds * RATE_HZ }, () => next());
}

/** Paul Kellet's filter, 3 dB per octave. */
function pink(values: Float32Array): Float32Array {
  let [a, b, c] = [0, 0, 0];
  return values.map((value) => {
    a = 0.99765 * a + value * 0.099046;
    b = 0.963 * b + value * 0.2965164;
    c = 0.57 * c + value * 1.0526913;
    return a + b + c + value * 0.1848;
  });
}

function brown(values: Float32Array): Float32Array {
  let sum = 0;
  return values.map((value) => (sum = 0.998 * sum + value));
}

/** Short bursts of noise that die away, in a room with some background noise. */
function clicks(seconds: number, seed: number, perSecond: number): Float32Array {
  const deviate = normalDeviates(seed);
  const uniform = uniformNumbers(seed + 1);
  const sound = Float32Array.from({ length: seconds * RATE_HZ }, () => 0.0005 * deviate());
  for (let at = 0; at < sound.length; at += Math.round((RATE_HZ / perSecond) * (0.3 + 1.4 * uniform()))) {
    for (let index = 0; index < 400 && at + index < sound.length; index++)
      sound[at + index] = (sound[at + index] as number) + 0.2 * deviate() * Math.exp(-index / 60);
  }
  return sound;
}

function normalised(values: Float32Array): Float32Array {
  const level = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  return values.map((value) => (value * 0.03) / level);
}
