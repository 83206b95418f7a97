/** What the microphone's process tells its parent. */
export type MicrophoneMessage =
  | { readonly type: 'open'; readonly device: string }
  /** 16-bit samples at 16 kHz, little-endian, in base64. */
  | { readonly type: 'sound'; readonly samples: string }
  | { readonly type: 'failed'; readonly message: string };

/** Samples that are sent at once: 0.1 s. */
export const FRAME_SAMPLES = 1_600;
